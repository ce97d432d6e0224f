import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { trustedFilesIn } from '../../system/files/trust/trusted-tree.ts';
import { ownerKind } from '../../system/files/trust/user-namespace.ts';
import type { VerifiedDirectory } from '../../system/files/trust/verified-directory.ts';
import { openPluginsDirectory, PLUGINS } from './plugin-install.ts';

/** `id-version`, as Nextflow names plugin directories. Excludes our plugins, which are installed and never linked. */
const PLUGIN = /^(?!nf-escrow)(?!.*\.(?:zip|lock)$)[A-Za-z0-9][\w.-]*-\d+\.\d+\.\d+[\w.-]*$/;
/** Limits the work, because other users may be able to create entries. */
const PLUGINS_MAX = 300;

/** Returns whether Nextflow would load an entry of a plugins directory as a plugin. False for our own plugins. */
export function isPluginName(name: string): boolean {
  return PLUGIN.test(name);
}

/** Returns the names of the plugins in a directory. */
export function pluginsIn(path: string): string[] {
  return readdirSync(path).filter(isPluginName).slice(0, PLUGINS_MAX);
}

/**
 * Throws `permissions-too-open` if other users can change a plugin's directory or its direct entries, such as `classes` and
 * `lib`. Checking all of its files would cost every launch hundreds of system calls.
 */
export function assertTrustedPlugin(plugins: VerifiedDirectory, name: string): void {
  if (!lstatSync(plugins.at(name)).isSymbolicLink()) {
    trustedFilesIn(plugins, name, { levels: 1, purpose: PLUGINS });
    return;
  }
  if (trustedTarget(plugins.path, name) !== undefined) return;
  throw new EscrowError(
    'permissions-too-open',
    `Cannot load plugin "${join(plugins.path, name)}": it is a link to a directory that other users can change.`,
    {
      hint: 'Remove the link. Nextflow then installs the plugin again.',
    },
  );
}

/** Returns the target of a link to a plugin, or undefined if other users can change the target or own the link. */
export function trustedTarget(from: string, name: string): string | undefined {
  const link = join(from, name);
  try {
    if (ownerKind(lstatSync(link).uid, link) === 'other') return undefined;
    const target = resolve(from, readlinkSync(link));
    const above = openPluginsDirectory(dirname(target), { create: false });
    try {
      if (above === undefined || !lstatSync(above.at(basename(target))).isDirectory()) return undefined;
      trustedFilesIn(above, basename(target), { levels: 1, purpose: PLUGINS });
      return join(above.path, basename(target));
    } finally {
      above?.close();
    }
  } catch {
    return undefined; // not loadable, for any reason
  }
}
