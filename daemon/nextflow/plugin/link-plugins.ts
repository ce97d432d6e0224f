import { lstatSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../errors.ts';
import type { VerifiedDirectory } from '../../system/files/trust/verified-directory.ts';
import { openPluginsDirectory } from './plugin-install.ts';
import { assertTrustedPlugin, pluginsIn, trustedTarget } from './trusted-plugin.ts';

/**
 * Links plugins of other directories into a private one, and removes links to plugins that other users can change. The first
 * directory with a plugin of a name provides it. If other users can write to a directory, only its links to plugins elsewhere
 * qualify, because they could replace plugins in it. Returns the names of plugins that are neither linked nor in the private
 * directory. Idempotent.
 */
export function linkPlugins(sources: readonly string[], directory: VerifiedDirectory): string[] {
  const targets = new Map<string, string | undefined>();
  for (const source of sources)
    for (const name of listed(source)) targets.set(name, targets.get(name) ?? trustedPath(source, name));
  for (const name of readdirSync(directory.self)) {
    const target = linkAt(directory.at(name));
    if (target !== undefined && target !== targets.get(name)) rmSync(directory.at(name), { force: true });
  }
  const missing: string[] = [];
  for (const [name, target] of targets) {
    if (lstatSync(directory.at(name), { throwIfNoEntry: false }) !== undefined) continue;
    if (target === undefined) missing.push(name);
    else link(target, directory.at(name));
  }
  return missing;
}

function listed(own: string): string[] {
  try {
    return pluginsIn(own);
  } catch {
    return []; // not found or not readable: there is nothing to link
  }
}

function trustedPath(own: string, name: string): string | undefined {
  try {
    if (lstatSync(join(own, name)).isSymbolicLink()) return trustedTarget(own, name);
    const plugins = openPluginsDirectory(own, { create: false });
    try {
      if (plugins === undefined) return undefined;
      assertTrustedPlugin(plugins, name);
      return join(plugins.path, name);
    } finally {
      plugins?.close();
    }
  } catch {
    return undefined; // other users can change it or a directory above it
  }
}

/** Returns the target of a link, or undefined if the path is not a link. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error; // EEXIST: a concurrent launch created it
  }
}
