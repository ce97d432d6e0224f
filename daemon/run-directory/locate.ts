import { basename, dirname } from 'node:path';
import { EscrowError, systemCode } from '../errors.ts';
import { lookAt, openDirectory, OpenDirectory } from '../system/files/open-directory.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import type { HeldDirectory } from './held-directory.ts';
import { difference, isOurs } from './identity.ts';
import { runFile } from './layout.ts';
import { parseLocator, type DirectoryRecord } from './record.ts';

const MARKER_MAX = 128;

/** Known facts about a run directory. */
export interface KnownDirectory {
  readonly target: string;
  readonly locator: string | null;
  readonly record: DirectoryRecord | undefined;
  readonly held: HeldDirectory | undefined;
}

/** Result of a search. The caller closes `directory` unless it is the held one. */
export type Located =
  | { readonly kind: 'here'; readonly directory: OpenDirectory; readonly isHeld: boolean }
  | { readonly kind: 'moved'; readonly directory: OpenDirectory; readonly to: string }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'absent' }
  /** Another directory of the user, a link or a file has replaced it. */
  | {
      readonly kind: 'replaced';
      readonly by: 'link' | 'file' | 'directory';
      readonly directory: OpenDirectory | undefined;
    };

/**
 * Finds a run directory through its open descriptor, else by its path in the recorded parent. Throws `store-unavailable` if
 * the parent does not exist or is a different directory, because nothing can be concluded then.
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

/** Examines the path of a run directory in the recorded parent. Throws the errors of `locateRunDirectory`. */
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
    throw new EscrowError(
      'store-unavailable',
      `Cannot access run directory "${target}": it belongs to another user.`,
      { hint: 'Find out who created it. The run directory itself may have been moved.' },
    );
  const found = readMarker(directory);
  const isOther =
    (record !== undefined && difference(record.directory, directory) !== undefined) ||
    (marker !== undefined && found !== undefined && found !== marker);
  return isOther
    ? { kind: 'replaced', by: 'directory', directory }
    : { kind: 'here', directory, isHeld: false };
}

/** Reads the marker. Undefined if there is none: the directory is incomplete, or a task has removed the file. */
function readMarker(directory: OpenDirectory): string | undefined {
  try {
    return readFileNoFollow(runFile(directory.self, 'marker'), MARKER_MAX)?.toString('latin1');
  } catch {
    return '';
  }
}

/** Opens the parent of a run directory. Follows links, because its path may contain some. */
function openParent(target: string, locator: string | null): OpenDirectory {
  const path = dirname(target);
  const refuse = (what: string): never => {
    throw new EscrowError(
      'store-unavailable',
      `Cannot access "${path}": it ${what}; is its file system mounted?`,
      {
        hint: 'Mount the file system, or move the directory back. The daemon retries the removal.',
      },
    );
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
