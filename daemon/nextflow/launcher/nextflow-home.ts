import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Returns the directory where Nextflow keeps its configuration, plugins and downloads, as the environment names it: it may be relative. */
export function nextflowHome(env: Readonly<Record<string, string | undefined>>): string {
  return env['NXF_HOME'] || join(env['HOME'] || homedir(), '.nextflow');
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
