import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { EscrowError, systemCode } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { openTrusted } from '../../system/files/trust/trusted-path.ts';
import { trustedFilesIn } from '../../system/files/trust/trusted-tree.ts';
import type { VerifiedDirectory } from '../../system/files/trust/verified-directory.ts';
import { shippedPlugin, type PluginId, type ShippedPlugin } from './plugin-files.ts';

/** What lies there is run in nextflow, with the run's secrets. */
export const PLUGINS: Purpose = {
  what: 'plugins directory',
  variable: 'NXF_PLUGINS_DIR',
  example: '.nextflow-plugins',
  isTree: true,
};

/**
 * Makes sure that our plugin, and nothing else under its name and version, is what Nextflow finds in its plugins
 * directory, and that nobody else can exchange it until Nextflow loads it. Checked whole before each launch. Installed
 * under another name first, so that launches side by side see it whole or not at all. Throws `plugin-unusable`,
 * `permissions-too-open`, `path-conflict`.
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
  const name = `${id}-${shipped.version}`;
  const plugins = openPluginsDirectory(pluginsDirectory, { create: true });
  try {
    if (plugins === undefined) throw unusable(`"${pluginsDirectory}" is not there`);
    if (!isInstalled(plugins, name, shipped)) plugins.use(name, (directory) => install(directory, shipped));
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    throw unusable(`"${pluginsDirectory}" cannot be used: ${String(systemCode(error))}`, error);
  } finally {
    plugins?.close();
  }
  return { version: shipped.version, directory: join(pluginsDirectory, name) };
}

/** Opens a directory from which plugins may be loaded; undefined where there is none and it is not to be made. */
export function openPluginsDirectory(
  path: string,
  { create }: { readonly create: boolean },
): VerifiedDirectory | undefined {
  return openTrusted({ path, purpose: PLUGINS, need: 'unwritable', create });
}

/** Whether what lies there is exactly what we ship, and can be changed by nobody else. */
export function isInstalled(plugins: VerifiedDirectory, name: string, { files }: ShippedPlugin): boolean {
  if (lstatSync(plugins.at(name), { throwIfNoEntry: false }) === undefined) return false;
  let found: string[];
  try {
    found = trustedFilesIn(plugins, name, { levels: Infinity, purpose: PLUGINS });
  } catch (error) {
    if (error instanceof EscrowError) return false; // others can change it, or it is no directory: it is replaced
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

function unusable(why: string, cause?: unknown): EscrowError {
  return new EscrowError('plugin-unusable', `${why}.`, { cause });
}
