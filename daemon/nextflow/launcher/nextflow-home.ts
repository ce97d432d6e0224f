import { resolve } from 'node:path';
import { ownAccount } from '../../system/processes/own-account.ts';

/**
 * Returns the directory where Nextflow keeps its configuration, plugins and downloads, as the environment names it: it may be
 * relative. Like the official launcher, whose shell takes the account's home only if HOME is unset: an empty HOME is `/`.
 */
export function nextflowHome(env: Readonly<Record<string, string | undefined>>): string {
  return env['NXF_HOME'] || `${env['HOME'] ?? ownAccount().home ?? ''}/.nextflow`;
}

/** Returns the same directory as an absolute path. */
export function homeOf({
  env,
  directory,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}): string {
  return resolve(directory, nextflowHome(env));
}
