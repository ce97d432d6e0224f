import { existsSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Launch } from '../launcher/launch.ts';
import { pipelineOf, valueOf } from '../launcher/pipeline-argument.ts';
import { nextflowHome } from '../launcher/nextflow-home.ts';

/** What `plugins.lock` means for a launch. */
export interface PluginLock {
  /** Why no plugin of ours can be added to it, as a clause. */
  readonly why?: string;
  /** What nextflow is to be started with. */
  readonly environment?: { readonly NXF_PLUGINS_LOCK_MODE: 'off' };
}

const NAME = 'plugins.lock';

/**
 * Keeps our plugin out of a pipeline's `plugins.lock`. Where that file lies beside the main script, Nextflow adds each
 * plugin to it that it does not list yet, a change of a committed file, or ends the run with NXF_PLUGINS_LOCK_MODE=strict;
 * with `off` it does not even read it. Described for 26.07, https://github.com/nextflow-io/nextflow/pull/7394.
 *
 * A lock that is there is the user's wish, and stays in force: then our plugin is left out. One of a pipeline that Nextflow
 * has yet to fetch cannot be seen: it is switched off for this run, unless the user asks for `strict`.
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
      why: `"${found}" pins the pipeline's plugins, and to it Nextflow would add nf-escrow's (NXF_PLUGINS_LOCK_MODE=off has Nextflow ignore that file)`,
    };
  if (local !== undefined) return {};
  if (mode === 'strict')
    return {
      why: `NXF_PLUGINS_LOCK_MODE is strict, and what ${NAME} of ${pipeline} says is not known before it is fetched`,
    };
  return { environment: { NXF_PLUGINS_LOCK_MODE: 'off' } };
}

/** Of a version that nothing tells it may be. */
function isOlder(version: string | undefined): boolean {
  const [, year, month] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (year === undefined) return false;
  return Number(year) < 26 || (Number(year) === 26 && Number(month) < 7);
}

/** Directories that may hold the main script of a pipeline on this machine; undefined: it is none. */
function localProjects({ arguments: args, directory }: Launch, pipeline: string): string[] | undefined {
  if (pipeline === '-') return [directory];
  const path = resolve(directory, pipeline);
  const found = statOf(path);
  if (found === undefined) return undefined;
  const script = found.isDirectory() ? join(path, valueOf(args, '-main-script') ?? 'main.nf') : path;
  const roots = [dirname(script), ...(found.isDirectory() ? [path] : [])];
  return existsSync(script) ? [...roots, dirname(realpathSync(script))] : roots;
}

/** Undefined for what cannot be a file that Nextflow reads either: a name that is too long, a loop of links, a closed directory. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Likewise where Nextflow keeps what it has fetched: ASSETS/ORGANIZATION/NAME. */
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
