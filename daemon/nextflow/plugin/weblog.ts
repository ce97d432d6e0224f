import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readRegularFile } from '../../system/files/read-regular-file.ts';
import type { Launch } from '../launcher/launch.ts';
import { nextflowHome } from '../launcher/nextflow-home.ts';

const CONFIG_MAX = 1024 * 1024;

/**
 * Returns whether a launch may report to a web server. Nextflow loads the plugin nf-weblog for that only at its start.
 * Evaluating the configuration would take a JVM, so a mention of weblog counts. Returns false if the plugin is neither
 * installed nor downloadable, because naming it would stop a run that only mentions it.
 */
export function wantsWeblog(launch: Launch, pluginsDirectory: string): boolean {
  if (launch.arguments.includes('-with-weblog')) return true;
  if (!isInstalled(pluginsDirectory) && launch.env['NXF_OFFLINE'] === 'true') return false;
  return configFiles(launch).some(mentionsWeblog);
}

function isInstalled(pluginsDirectory: string): boolean {
  try {
    return readdirSync(pluginsDirectory).some((name) => name.startsWith('nf-weblog-'));
  } catch {
    return false; // not found or not readable
  }
}

/** Returns the local configuration files that Nextflow reads, before any includes (ConfigBuilder). */
function configFiles({ arguments: args, directory, env }: Launch): string[] {
  const named = args.flatMap((argument, index) =>
    ['-c', '-C', '-config'].includes(argument) ? (args[index + 1] ?? '').split(',') : [],
  );
  const script = args.slice(args.indexOf('run') + 1).find((argument) => !argument.startsWith('-'));
  return [
    join(nextflowHome(env), 'config'),
    join(directory, 'nextflow.config'),
    ...named.map((file) => resolve(directory, file)),
    ...(script === undefined ? [] : beside(resolve(directory, script))),
  ];
}

/** A pipeline is a script or a directory that contains one. */
function beside(script: string): string[] {
  return [join(script, 'nextflow.config'), join(dirname(script), 'nextflow.config')];
}

function mentionsWeblog(path: string): boolean {
  try {
    return readRegularFile(path, CONFIG_MAX)?.includes('weblog') === true;
  } catch {
    return false; // most do not exist; Nextflow itself reports those that must
  }
}
