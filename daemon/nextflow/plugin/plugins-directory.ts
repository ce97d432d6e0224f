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
  /** Whether it is Nextflow's own directory. */
  readonly isOwn: boolean;
  /** Why Nextflow's own directory or the shared one is not used: other users can change it, or its permissions. */
  readonly instead?: EscrowError;
}

type Where = Pick<Launch, 'env' | 'directory' | 'state' | 'sharedPlugins'>;

/** Returns Nextflow's own plugins directory. Its official launcher sets NXF_HOME if it is unset. */
export function ownPluginsDirectory({ env, directory }: Pick<Launch, 'env' | 'directory'>): string {
  return resolve(directory, env['NXF_PLUGINS_DIR'] || join(nextflowHome(env), 'plugins'));
}

/**
 * Returns the directory to load plugins from: Nextflow's own if only the user can change it and there is no shared one, else a private
 * one.
 */
export function choosePluginsDirectory(where: Where): PluginsDirectory {
  const { state, sharedPlugins: shared } = where;
  const own = ownPluginsDirectory(where);
  const instead = whyNotOwn(own);
  const notShared = shared === undefined ? undefined : whyNotReadable(shared);
  if (instead === undefined && (shared === undefined || notShared !== undefined))
    return { path: own, isOwn: true, ...(notShared === undefined ? {} : { instead: notShared }) };
  const why = instead ?? notShared;
  return { path: join(state, 'plugins'), isOwn: false, ...(why === undefined ? {} : { instead: why }) };
}

/**
 * Chooses the directory to load plugins from and prepares it. A private directory gets links to those of the user's and the shared
 * plugins that no other user can change, and keeps the plugins that Nextflow downloads to it. Throws `plugin-unusable` if a plugin
 * is missing and Nextflow must not download it.
 */
export function preparePluginsDirectory(where: Where): PluginsDirectory {
  const chosen = choosePluginsDirectory(where);
  const { path, isOwn, instead } = chosen;
  if (isOwn) return chosen;
  const directory = openPrivateDirectory(path, { create: true });
  try {
    const { sharedPlugins: shared } = where;
    const sources = [ownPluginsDirectory(where), ...(shared === undefined ? [] : [shared])];
    const missing = linkPlugins(sources, directory);
    if (missing.length === 0 || instead === undefined || where.env['NXF_OFFLINE'] !== 'true') return chosen;
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

/** Returns why plugins must not be loaded from the shared directory, or undefined if they may be. It need not be writable. */
function whyNotReadable(shared: string): EscrowError | undefined {
  const unusable = (why: string): EscrowError =>
    new EscrowError('plugin-unusable', `Cannot use plugins directory "${shared}": ${why}.`, {
      hint: 'Correct the setting pluginsDir or the permissions of the directory.',
    });
  try {
    const directory = openPluginsDirectory(shared, { create: false });
    if (directory === undefined) return unusable('it does not exist');
    try {
      accessSync(directory.self, constants.R_OK | constants.X_OK);
    } finally {
      directory.close();
    }
    return undefined;
  } catch (error) {
    return error instanceof EscrowError ? error : unusable(describeSystemError(error));
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
