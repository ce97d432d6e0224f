import { lstatSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { EscrowError, systemCode } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { makeDirectories } from '../../system/files/make-directories.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { openTrusted } from '../../system/files/trust/trusted-path.ts';
import { trustedFilesIn } from '../../system/files/trust/trusted-tree.ts';
import type { VerifiedDirectory } from '../../system/files/trust/verified-directory.ts';
import { shippedPlugin, type PluginId, type ShippedPlugin } from './plugin-files.ts';

/** Code in this directory runs in nextflow, with access to the run's secrets. */
export const PLUGINS: Purpose = {
  what: 'plugins directory',
  variable: 'NXF_PLUGINS_DIR',
  example: '.nextflow-plugins',
  isTree: true,
};

/**
 * Ensures that the plugins directory contains exactly our plugin under its name and version, and that no other user can replace
 * it before Nextflow loads it. Checks all of its files before each launch. Installs with an atomic rename, so that concurrent
 * launches see all of it or nothing. Throws `plugin-unusable`, `permissions-too-open`, `path-conflict`.
 */
export function ensurePlugin(
  pluginsDirectory: string,
  id: PluginId = 'nf-escrow',
): {
  readonly version: string;
  readonly directory: string;
} {
  const shipped = shippedPlugin(id);
  if (shipped === undefined) throw unusable('Cannot install the plugin: this nf-escrow was built without it');
  const name = `${id}-${shipped.version}`;
  const plugins = openPluginsDirectory(pluginsDirectory, { create: true });
  try {
    if (plugins === undefined)
      throw unusable(`Cannot install the plugin: "${pluginsDirectory}" does not exist`);
    if (!isInstalled(plugins, name, shipped)) plugins.use(name, (directory) => install(directory, shipped));
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    throw unusable(`Cannot use plugins directory "${pluginsDirectory}": ${String(systemCode(error))}`, error);
  } finally {
    plugins?.close();
  }
  return { version: shipped.version, directory: join(pluginsDirectory, name) };
}

/** Opens a directory from which plugins may be loaded. Returns undefined if it does not exist and `create` is false. */
export function openPluginsDirectory(
  path: string,
  { create }: { readonly create: boolean },
): VerifiedDirectory | undefined {
  return openTrusted({ path, purpose: PLUGINS, need: 'unwritable', create });
}

/** Returns whether an installed plugin is identical to the shipped one and no other user can change it. */
export function isInstalled(plugins: VerifiedDirectory, name: string, { files }: ShippedPlugin): boolean {
  if (lstatSync(plugins.at(name), { throwIfNoEntry: false }) === undefined) return false;
  let found: string[];
  try {
    found = trustedFilesIn(plugins, name, { levels: Infinity, purpose: PLUGINS });
  } catch (error) {
    if (error instanceof EscrowError) return false; // not a directory, or other users can change it: it is replaced
    throw error;
  }
  return (
    found.length === files.size &&
    found.every((path) => {
      const bytes = files.get(path);
      return bytes !== undefined && readFileSync(`${plugins.at(name)}/${path}`).equals(bytes);
    })
  );
}

function install(directory: string, { files }: ShippedPlugin): void {
  const temporary = join(dirname(directory), `.nf-escrow-${randomBytes(6).toString('hex')}`);
  try {
    for (const [path, bytes] of files) {
      makeDirectories(dirname(join(temporary, path)), 0o755);
      writeFileAtomic(join(temporary, path), bytes, 0o644);
    }
    replace(directory, temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Replaces a plugin that is not identical to ours. If a concurrent launch was faster, its copy is kept. */
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

function unusable(message: string, cause?: unknown): EscrowError {
  return new EscrowError('plugin-unusable', `${message}.`, { cause });
}
