import { statSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Launch } from './launch.ts';
import { homeOf } from './nextflow-home.ts';
import { pipelineOf, valueOf } from './pipeline-argument.ts';

/**
 * The pipeline of a launch. A local one: its directory and its main script, which may not exist. Standard input: the launch
 * directory. One that Nextflow downloads: `ORGANIZATION/NAME`. Undefined if the arguments name none.
 */
export type Pipeline =
  | { readonly kind: 'local'; readonly directory: string; readonly script: string }
  | { readonly kind: 'input'; readonly directory: string }
  | { readonly kind: 'project'; readonly project: string }
  | undefined;

/** Scheme and host of a URL, or user and host as Git writes them. */
const REMOTE = /^(?:[a-z+]+:\/\/[^/]+\/|[^/@]+@[^/:]+:)/;

/** Finds the pipeline like Nextflow's `run`: a path that exists is local. */
export function findPipeline(launch: Pick<Launch, 'arguments' | 'directory' | 'env'>): Pipeline {
  const { arguments: args, directory, env } = launch;
  const named = pipelineOf(args);
  if (named === undefined) return undefined;
  if (named === '-') return { kind: 'input', directory };
  const path = resolve(directory, named);
  const found = statOf(path);
  if (found?.isDirectory() === true)
    return { kind: 'local', directory: path, script: join(path, valueOf(args, '-main-script') ?? 'main.nf') };
  if (found !== undefined) return { kind: 'local', directory: dirname(path), script: path };
  const words = named
    .replace(REMOTE, '')
    .replace(/\.git$/, '')
    .split('/')
    .filter((word) => word !== '' && word !== '.' && word !== '..');
  if (words.length === 0) return undefined;
  const organization = env['NXF_ORG'] || 'nextflow-io';
  const project = words.length === 1 ? join(organization, ...words) : join(...words.slice(-2));
  return { kind: 'project', project };
}

/** Returns the directory of Nextflow's downloaded pipelines. */
export function assetsOf(launch: Pick<Launch, 'directory' | 'env'>): string {
  return resolve(launch.directory, launch.env['NXF_ASSETS'] || join(homeOf(launch), 'assets'));
}

/** Returns undefined for a path that Nextflow cannot read either: a name that is too long, a link loop, a closed directory. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
