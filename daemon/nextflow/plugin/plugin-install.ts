import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { EscrowError, systemCode } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { shippedPlugin, type PluginId, type ShippedPlugin } from './plugin-files.ts';

/**
 * Makes sure that our plugin, and nothing else under its name and version, is what Nextflow finds in its plugins
 * directory. Checked whole before each launch; whoever could write there could have code run in nextflow. Installed
 * under another name first, so that launches side by side see it whole or not at all. Throws `plugin-unusable`.
 */
export function ensurePlugin(
  pluginsDirectory: string,
  id: PluginId = 'nf-escrow',
): {
  readonly version: string;
  readonly directory: string;
} {
  const shipped = shippedPlugin(id);
  if (shipped === undefined) throw unusable('this nf-escrow was built without the plugin');
  const directory = join(pluginsDirectory, `${id}-${shipped.version}`);
  try {
    mkdirSync(pluginsDirectory, { recursive: true });
    assertSafe(pluginsDirectory, statSync(pluginsDirectory));
    if (!isInstalled(directory, shipped)) install(directory, shipped);
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    throw unusable(`"${pluginsDirectory}" cannot be used: ${String(systemCode(error))}`, error);
  }
  return { version: shipped.version, directory };
}

/** Whether what lies there is exactly what we ship, and can be changed by nobody else. Nothing there: false. */
export function isInstalled(directory: string, { files }: ShippedPlugin): boolean {
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return false;
  const found = new Set<string>();
  for (const path of entriesUnder(directory, '')) {
    const bytes = files.get(path);
    if (bytes === undefined || !readFileSync(join(directory, path)).equals(bytes)) return false;
    found.add(path);
  }
  return found.size === files.size;
}

/** Files below a directory, all of it checked: a link, or another user's file, is not looked into. */
function entriesUnder(root: string, path: string): string[] {
  const found = lstatSync(join(root, path));
  assertSafe(join(root, path), found);
  if (found.isFile()) return [path];
  if (!found.isDirectory()) throw unusable(`"${join(root, path)}" is neither a plain file nor a directory`);
  return readdirSync(join(root, path)).flatMap((name) =>
    entriesUnder(root, path === '' ? name : `${path}/${name}`),
  );
}

function install(directory: string, { files }: ShippedPlugin): void {
  const temporary = join(dirname(directory), `.nf-escrow-${randomBytes(6).toString('hex')}`);
  try {
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(temporary, path)), { recursive: true, mode: 0o755 });
      writeFileAtomic(join(temporary, path), bytes, 0o644);
    }
    replace(directory, temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** What is there is not ours as it should be: it goes aside first. Another launch may have been faster; theirs is as good. */
function replace(directory: string, temporary: string): void {
  const aside = `${temporary}.old`;
  try {
    if (lstatSync(directory, { throwIfNoEntry: false }) !== undefined) renameSync(directory, aside);
    renameSync(temporary, directory);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** Throws where someone else could change what is there. Root's own is as good as ours: root can do anything anyway. */
function assertSafe(path: string, found: Stats): void {
  const us = process.geteuid?.();
  if (found.uid !== us && found.uid !== 0) throw unusable(`"${path}" belongs to user ${String(found.uid)}`);
  const sticky = (found.mode & 0o1000) !== 0;
  // A group that has the number of its one user is that user's alone, as most systems make them.
  const ownGroup = found.gid === found.uid;
  if ((found.mode & 0o002) !== 0 && !sticky) throw unusable(`others can write to "${path}"`);
  if ((found.mode & 0o020) !== 0 && !sticky && !ownGroup) throw unusable(`a group can write to "${path}"`);
}

function unusable(why: string, cause?: unknown): EscrowError {
  return new EscrowError('plugin-unusable', `${why}.`, { cause });
}
