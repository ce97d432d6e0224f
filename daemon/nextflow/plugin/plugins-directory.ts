import { accessSync, constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { EscrowError, systemCode } from '../../errors.ts';
import { nearestExistingAncestor } from '../../system/files/path-lookup.ts';
import { openPrivateDirectory } from '../../system/files/private-directory.ts';
import type { Launch } from '../launcher/launch.ts';
import { linkPlugins } from './link-plugins.ts';
import { openPluginsDirectory } from './plugin-install.ts';
import { assertTrustedPlugin, pluginsIn } from './trusted-plugin.ts';
import { nextflowHome } from '../launcher/nextflow-home.ts';

/** From where Nextflow is to load plugins. */
export interface PluginsDirectory {
  readonly path: string;
  /** Why it is not the one that Nextflow would take: that cannot be trusted, or not be written. */
  readonly instead?: EscrowError;
}

type Where = Pick<Launch, 'env' | 'directory' | 'state'>;

/** Where Nextflow looks for plugins by itself. Its official launcher sets NXF_HOME where nobody did. */
export function ownPluginsDirectory({ env, directory }: Pick<Launch, 'env' | 'directory'>): string {
  return resolve(directory, env['NXF_PLUGINS_DIR'] || join(nextflowHome(env), 'plugins'));
}

/** The directory to load plugins from: Nextflow's own where it can be trusted, else a private one. Makes nothing. */
export function choosePluginsDirectory(where: Where): PluginsDirectory {
  const own = ownPluginsDirectory(where);
  const instead = whyNotOwn(own);
  return instead === undefined ? { path: own } : { path: join(where.state, 'plugins'), instead };
}

/**
 * As choosePluginsDirectory, and has ready what there is to be in it: a private directory links those of the user's plugins
 * that nobody else can change, and keeps what Nextflow fetches into it. Throws `plugin-unusable` where Nextflow may fetch
 * nothing and the run could miss one.
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
      `${why}; and ${missing.slice(0, 3).join(', ')} cannot be fetched anew, since NXF_OFFLINE is true.`,
      { hint: instead.hint },
    );
  } finally {
    directory.close();
  }
}

/** Why plugins are not to be loaded from the user's own directory; undefined: they may be. */
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
    const why = `"${own}" cannot be used: ${systemCode(error) ?? 'unknown error'}.`;
    return new EscrowError('plugin-unusable', why, { cause: error });
  } finally {
    directory?.close();
  }
}
