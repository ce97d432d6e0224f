import { readdirSync } from 'node:fs';
import { readRegularFile } from '../../system/files/read-regular-file.ts';
import { configurationFiles } from '../launcher/configuration-files.ts';
import type { Launch } from '../launcher/launch.ts';
import { findPipeline } from '../launcher/pipeline.ts';

const CONFIG_MAX = 1024 * 1024;

/**
 * Returns whether a launch may report to a web server. Nextflow loads the plugin nf-weblog for that only at its start.
 * Evaluating the configuration would take a JVM, so a mention of weblog counts. Returns false if the plugin is neither
 * installed nor downloadable, because naming it would stop a run that only mentions it.
 */
export function wantsWeblog(launch: Launch, pluginsDirectory: string): boolean {
  if (launch.arguments.includes('-with-weblog')) return true;
  if (!isInstalled(pluginsDirectory) && launch.env['NXF_OFFLINE'] === 'true') return false;
  return configurationFiles(launch, findPipeline(launch)).some(mentionsWeblog);
}

function isInstalled(pluginsDirectory: string): boolean {
  try {
    return readdirSync(pluginsDirectory).some((name) => name.startsWith('nf-weblog-'));
  } catch {
    return false; // not found or not readable
  }
}

function mentionsWeblog(path: string): boolean {
  try {
    return readRegularFile(path, CONFIG_MAX)?.includes('weblog') === true;
  } catch {
    return false; // most do not exist; Nextflow itself reports those that must
  }
}
