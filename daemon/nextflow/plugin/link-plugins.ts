import { lstatSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../errors.ts';
import type { VerifiedDirectory } from '../../system/files/trust/verified-directory.ts';
import { openPluginsDirectory } from './plugin-install.ts';
import { assertTrustedPlugin, pluginsIn, trustedTarget } from './trusted-plugin.ts';

/**
 * Links plugins of the user's own directory into a private one, and takes out links to those that others can change by now.
 * Where others can write to the user's directory, that leaves links in it to plugins elsewhere: what lies in it can be
 * exchanged. Gives the names of those that are neither linked nor in the private directory. Idempotent.
 */
export function linkPlugins(own: string, directory: VerifiedDirectory): string[] {
  const targets = new Map(listed(own).map((name) => [name, trustedPath(own, name)]));
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
    return []; // not there, or not to be listed: there is nothing to link
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
    return undefined; // others can change it, or what it is in
  }
}

/** Where a link leads; undefined: it is none, or not there any more. */
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
    if (systemCode(error) !== 'EEXIST') throw error; // another launch was faster
  }
}
