import { basename, dirname } from 'node:path';
import { EscrowError, systemCode } from '../errors.ts';
import { lookAt, openDirectory, OpenDirectory } from '../system/files/open-directory.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import type { HeldDirectory } from './held-directory.ts';
import { difference, isOurs } from './identity.ts';
import { runFile } from './layout.ts';
import { parseLocator, type DirectoryRecord } from './record.ts';

const MARKER_MAX = 128;

/** What is known of a run directory. */
export interface KnownDirectory {
  readonly target: string;
  readonly locator: string | null;
  readonly record: DirectoryRecord | undefined;
  readonly held: HeldDirectory | undefined;
}

/** What is there. `directory` is the caller's to close, but for the held one. */
export type Located =
  | { readonly kind: 'here'; readonly directory: OpenDirectory; readonly isHeld: boolean }
  | { readonly kind: 'moved'; readonly directory: OpenDirectory; readonly to: string }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'absent' }
  /** Something else is in its place: a directory of the user's, or a link or file. */
  | {
      readonly kind: 'replaced';
      readonly by: 'link' | 'file' | 'directory';
      readonly directory: OpenDirectory | undefined;
    };

/**
 * Finds a run directory: by its descriptor where it is held, else by its path, and then only in the directory in which it was
 * created. Throws `store-unavailable` where that is not there, or is another one: nothing can be told then.
 */
export function locateRunDirectory(known: KnownDirectory): Located {
  const { target, held } = known;
  const where = held?.find(target);
  if (held !== undefined && where?.kind === 'here')
    return { kind: 'here', directory: held.directory, isHeld: true };
  if (held !== undefined && where?.kind === 'moved')
    return { kind: 'moved', directory: held.directory, to: where.to };
  if (where?.kind === 'deleted') return { kind: 'deleted' };
  return locateByPath(known);
}

/** What stands at the path of a run directory, in the directory in which it was created. Throws as locateRunDirectory does. */
export function locateByPath({ target, locator, record }: KnownDirectory): Located {
  const parent = openParent(target, locator);
  try {
    const path = parent.at(basename(target));
    let directory;
    try {
      directory = openDirectory(path);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT') return { kind: 'absent' };
      if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
      const by = lookAt(path)?.isSymbolicLink() === true ? 'link' : 'file';
      return { kind: 'replaced', by, directory: undefined };
    }
    try {
      return judge(directory, target, parseLocator(locator)?.marker, record);
    } catch (error) {
      directory.close();
      throw error;
    }
  } finally {
    parent.close();
  }
}

function judge(
  directory: OpenDirectory,
  target: string,
  marker: string | undefined,
  record: DirectoryRecord | undefined,
): Located {
  if (!isOurs(directory.look()))
    throw new EscrowError('store-unavailable', `"${target}" belongs to another user.`, {
      hint: 'Find out who put it there; the run directory itself may have been moved.',
    });
  const found = readMarker(directory);
  const isOther =
    (record !== undefined && difference(record.directory, directory) !== undefined) ||
    (marker !== undefined && found !== undefined && found !== marker);
  return isOther
    ? { kind: 'replaced', by: 'directory', directory }
    : { kind: 'here', directory, isHeld: false };
}

/** Undefined where there is none: a directory that was created in part, or a task that has removed it. */
function readMarker(directory: OpenDirectory): string | undefined {
  try {
    return readFileNoFollow(runFile(directory.self, 'marker'), MARKER_MAX)?.toString('latin1');
  } catch {
    return '';
  }
}

/** Opens the directory in which a run directory is; follows links, as its path may have some. */
function openParent(target: string, locator: string | null): OpenDirectory {
  const path = dirname(target);
  const refuse = (what: string): never => {
    throw new EscrowError('store-unavailable', `"${path}" ${what}: is its file system mounted?`, {
      hint: 'Mount it, or move the directory back; the removal is retried.',
    });
  };
  let parent;
  try {
    parent = openDirectory(`${path}/.`);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return refuse('does not exist');
    throw error;
  }
  try {
    const recorded = parseLocator(locator)?.parent;
    if (!isOurs(parent.look())) return refuse('belongs to another user now');
    const other = recorded === undefined ? undefined : difference(recorded, parent);
    if (other !== undefined) return refuse(`is a different directory now (it ${other})`);
    return parent;
  } catch (error) {
    parent.close();
    throw error;
  }
}
