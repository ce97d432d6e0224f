import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readRegularFile } from '../../system/files/read-regular-file.ts';
import type { Launch } from '../launcher/launch.ts';
import { nextflowHome } from '../launcher/nextflow-home.ts';

const CONFIG_MAX = 1024 * 1024;

/**
 * Whether a launch may report to a web server, for which Nextflow loads the plugin nf-weblog as it starts, and no later.
 * To be sure one would have to evaluate the configuration, which takes a JVM: a mention counts. Where the plugin is
 * neither installed nor to be had, naming it would stop a run that only mentions it.
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
    return false; // no such directory, or none that can be listed
  }
}

/** The files that Nextflow reads without being told more (ConfigBuilder), as far as they lie on this machine. */
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

/** A pipeline is a script, or a directory with one. */
function beside(script: string): string[] {
  return [join(script, 'nextflow.config'), join(dirname(script), 'nextflow.config')];
}

function mentionsWeblog(path: string): boolean {
  try {
    return readRegularFile(path, CONFIG_MAX)?.includes('weblog') === true;
  } catch {
    return false; // most are not there, and Nextflow itself says so of those that should be
  }
}
