import { existsSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Launch } from '../launcher/launch.ts';
import { pipelineOf, valueOf } from '../launcher/pipeline-argument.ts';
import { nextflowHome } from '../launcher/nextflow-home.ts';

/** The effect of `plugins.lock` on a launch. */
export interface PluginLock {
  /** Why our plugin cannot be used, as a clause. */
  readonly why?: string;
  /** Environment variables for nextflow. */
  readonly environment?: { readonly NXF_PLUGINS_LOCK_MODE: 'off' };
}

const NAME = 'plugins.lock';

/**
 * Keeps our plugin out of a pipeline's `plugins.lock`. If that file exists next to the main script, Nextflow adds every plugin
 * that it does not list, which changes a committed file. With NXF_PLUGINS_LOCK_MODE=strict, it stops the run instead; with
 * `off`, it ignores the file. Since 26.07, https://github.com/nextflow-io/nextflow/pull/7394.
 *
 * An existing lock file stays in force, and our plugin is not used. The lock file of a pipeline that Nextflow has not downloaded
 * yet is unknown: it is disabled for this run, unless the user has set `strict`.
 */
export function pluginLock(launch: Launch, version: string | undefined): PluginLock {
  const mode = launch.env['NXF_PLUGINS_LOCK_MODE']?.toLowerCase();
  if (mode === 'off' || isOlder(version)) return {};
  const pipeline = pipelineOf(launch.arguments);
  if (pipeline === undefined) return {};
  const local = localProjects(launch, pipeline);
  const found = (local ?? fetchedProjects(launch, pipeline))
    .map((directory) => join(directory, NAME))
    .find((path) => existsSync(path));
  if (found !== undefined)
    return {
      why: `"${found}" pins the pipeline's plugins, and Nextflow would add nf-escrow to it (NXF_PLUGINS_LOCK_MODE=off makes Nextflow ignore that file)`,
    };
  if (local !== undefined) return {};
  if (mode === 'strict')
    return {
      why: `NXF_PLUGINS_LOCK_MODE is strict, and ${NAME} of ${pipeline} is unknown until it is downloaded`,
    };
  return { environment: { NXF_PLUGINS_LOCK_MODE: 'off' } };
}

/** Returns whether a version predates lock files. False for an unknown version. */
function isOlder(version: string | undefined): boolean {
  const [, year, month] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (year === undefined) return false;
  return Number(year) < 26 || (Number(year) === 26 && Number(month) < 7);
}

/** Returns the directories that may contain the main script of a local pipeline, or undefined if it is not local. */
function localProjects({ arguments: args, directory }: Launch, pipeline: string): string[] | undefined {
  if (pipeline === '-') return [directory];
  const path = resolve(directory, pipeline);
  const found = statOf(path);
  if (found === undefined) return undefined;
  const script = found.isDirectory() ? join(path, valueOf(args, '-main-script') ?? 'main.nf') : path;
  const roots = [dirname(script), ...(found.isDirectory() ? [path] : [])];
  return existsSync(script) ? [...roots, dirname(realpathSync(script))] : roots;
}

/** Returns undefined for a path that Nextflow cannot read either: a name that is too long, a link loop, a closed directory. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Returns the directory of a downloaded pipeline: ASSETS/ORGANIZATION/NAME. */
function fetchedProjects({ env }: Launch, pipeline: string): string[] {
  const assets = env['NXF_ASSETS'] || join(nextflowHome(env), 'assets');
  const words = pipeline
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .filter((word) => word !== '' && word !== '..');
  const [name = ''] = words.slice(-1);
  const organization = words.at(-2) ?? env['NXF_ORG'] ?? 'nextflow-io';
  return [join(assets, organization, name)];
}
