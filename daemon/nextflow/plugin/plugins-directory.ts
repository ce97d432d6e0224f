import { accessSync, constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { nearestExistingAncestor } from '../../system/files/path-lookup.ts';
import { describeSystemError, pathError } from '../../system/files/path-error.ts';
import { openPrivateDirectory } from '../../system/files/private-directory.ts';
import { STATE } from '../../system/files/trust/trust-error.ts';
import { openTrusted } from '../../system/files/trust/trusted-path.ts';
import type { Launch } from '../launcher/launch.ts';
import { linkPlugins } from './link-plugins.ts';
import { openPluginsDirectory } from './plugin-install.ts';
import { assertTrustedPlugin, pluginsIn } from './trusted-plugin.ts';
import { nextflowHome } from '../launcher/nextflow-home.ts';

/** The directory from which a launch loads plugins. */
export interface PluginsDirectory {
  readonly path: string;
  /** Why it is not Nextflow's own directory: other users can change that one, or it is not writable. */
  readonly instead?: EscrowError;
}

type Where = Pick<Launch, 'env' | 'directory' | 'state'>;

/** Returns Nextflow's own plugins directory. Its official launcher sets NXF_HOME if it is unset. */
export function ownPluginsDirectory({ env, directory }: Pick<Launch, 'env' | 'directory'>): string {
  return resolve(directory, env['NXF_PLUGINS_DIR'] || join(nextflowHome(env), 'plugins'));
}

/** Returns the directory to load plugins from: Nextflow's own if only the user can change it, else a private one. */
export function choosePluginsDirectory(where: Where): PluginsDirectory {
  const own = ownPluginsDirectory(where);
  const instead = whyNotOwn(own);
  return instead === undefined ? { path: own } : { path: join(where.state, 'plugins'), instead };
}

/**
 * Chooses the directory to load plugins from and prepares it. A private directory gets links to those of the user's plugins
 * that no other user can change, and keeps the plugins that Nextflow downloads to it. Throws `plugin-unusable` if a plugin is
 * missing and Nextflow must not download it.
 */
export function preparePluginsDirectory(where: Where): PluginsDirectory {
  const chosen = choosePluginsDirectory(where);
  const { path, instead } = chosen;
  if (instead === undefined) return chosen;
  const directory = openPrivateDirectory(path, { create: true });
  try {
    const missing = linkPlugins(ownPluginsDirectory(where), directory);
    if (missing.length === 0 || where.env['NXF_OFFLINE'] !== 'true') return chosen;
    const why = instead.message.replace(/\.$/, '');
    throw new EscrowError(
      'plugin-unusable',
      `${why}. ${missing.slice(0, 3).join(', ')} cannot be downloaded again, because NXF_OFFLINE is true.`,
      { hint: instead.hint },
    );
  } finally {
    directory.close();
  }
}

/** Returns why a launch could not write to our private plugins directory, or undefined. Creates nothing. */
export function whyUnusable(path: string): EscrowError | undefined {
  try {
    openTrusted({ path, purpose: STATE, need: 'private' })?.close();
    accessSync(nearestExistingAncestor(path), constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return error instanceof EscrowError ? error : pathError(path, error);
  }
}

/** Returns why plugins must not be loaded from the user's own directory, or undefined if they may be. */
function whyNotOwn(own: string): EscrowError | undefined {
  let directory;
  try {
    directory = openPluginsDirectory(own, { create: false });
    const { W_OK, X_OK } = constants;
    accessSync(directory?.self ?? nearestExistingAncestor(own), W_OK | X_OK);
    if (directory !== undefined && !directory.isClosed)
      for (const name of pluginsIn(directory.self)) assertTrustedPlugin(directory, name);
    return undefined;
  } catch (error) {
    if (error instanceof EscrowError) return error;
    const why = `Cannot use plugins directory "${own}": ${describeSystemError(error)}.`;
    return new EscrowError('plugin-unusable', why, { cause: error });
  } finally {
    directory?.close();
  }
}
