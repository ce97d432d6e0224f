import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Launch } from '../launcher/launch.ts';
import { assetsOf, findPipeline, type Pipeline } from '../launcher/pipeline.ts';

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
  const pipeline = findPipeline(launch);
  if (pipeline === undefined) return {};
  const found = projectsOf(launch, pipeline)
    .map((directory) => join(directory, NAME))
    .find((path) => existsSync(path));
  if (found !== undefined)
    return {
      why: `"${found}" pins the pipeline's plugins, and Nextflow would add nf-escrow to it (NXF_PLUGINS_LOCK_MODE=off makes Nextflow ignore that file)`,
    };
  if (pipeline.kind !== 'project') return {};
  if (mode === 'strict')
    return {
      why: `NXF_PLUGINS_LOCK_MODE is strict, and ${NAME} of ${pipeline.project} is unknown until it is downloaded`,
    };
  return { environment: { NXF_PLUGINS_LOCK_MODE: 'off' } };
}

/** Returns whether a version predates lock files. False for an unknown version. */
function isOlder(version: string | undefined): boolean {
  const [, year, month] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (year === undefined) return false;
  return Number(year) < 26 || (Number(year) === 26 && Number(month) < 7);
}

/** Returns the directories that may contain the main script of a pipeline. */
function projectsOf(launch: Launch, pipeline: NonNullable<Pipeline>): string[] {
  if (pipeline.kind === 'input') return [pipeline.directory];
  if (pipeline.kind === 'project') return [join(assetsOf(launch), pipeline.project)];
  const { directory, script } = pipeline;
  const roots = [dirname(script), directory];
  return existsSync(script) ? [...roots, dirname(realpathSync(script))] : roots;
}
