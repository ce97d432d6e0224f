import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { trustedFilesIn } from '../../system/files/trust/trusted-tree.ts';
import { ownerKind } from '../../system/files/trust/user-namespace.ts';
import type { VerifiedDirectory } from '../../system/files/trust/verified-directory.ts';
import { openPluginsDirectory, PLUGINS } from './plugin-install.ts';

/** `id-version`, as Nextflow names their directories; ours are installed, and linked from nowhere. */
const PLUGIN = /^(?!nf-escrow)(?!.*\.(?:zip|lock)$)[A-Za-z0-9][\w.-]*-\d+\.\d+\.\d+[\w.-]*$/;
/** Others may be able to write there: so many names are looked at. */
const PLUGINS_MAX = 300;

/** Whether Nextflow would take an entry of a plugins directory for a plugin, ours apart. */
export function isPluginName(name: string): boolean {
  return PLUGIN.test(name);
}

/** Names of the plugins in a directory. */
export function pluginsIn(path: string): string[] {
  return readdirSync(path).filter(isPluginName).slice(0, PLUGINS_MAX);
}

/**
 * Throws `permissions-too-open` where others can change a plugin: its directory, or what lies directly in it, `classes` and `lib`.
 * To look at all of its files would cost every launch hundreds of calls.
 */
export function assertTrustedPlugin(plugins: VerifiedDirectory, name: string): void {
  if (!lstatSync(plugins.at(name)).isSymbolicLink()) {
    trustedFilesIn(plugins, name, { levels: 1, purpose: PLUGINS });
    return;
  }
  if (trustedTarget(plugins.path, name) !== undefined) return;
  throw new EscrowError(
    'permissions-too-open',
    `"${join(plugins.path, name)}" leads to what others can change.`,
    {
      hint: 'Remove the link, and Nextflow installs that plugin anew.',
    },
  );
}

/** What a link to a plugin leads to, where nobody else can change that and the link is not another user's. */
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
    return undefined; // whatever the reason, it is not to be loaded
  }
}
