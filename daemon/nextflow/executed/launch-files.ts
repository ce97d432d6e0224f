import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { TrustedOwners } from '../../system/files/trust/trusted-owners.ts';
import { readRunLine } from '../launcher/configuration.ts';
import { pipelineOf } from '../launcher/pipeline-argument.ts';
import { nextflowHome } from '../launcher/nextflow-home.ts';

/** The launch whose files are examined. */
export interface Execution {
  readonly nextflow: string;
  /** Nextflow's arguments. May name no pipeline. */
  readonly arguments: readonly string[];
  /** The launch directory. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly umask: number;
  /** Accounts besides the user and root that may own and write to what the run executes. */
  readonly owners: TrustedOwners;
  /** The directory from which plugins are loaded. */
  readonly plugins: string;
  /** The work directory in the configuration, if Nextflow has evaluated it. */
  readonly workDir?: string | undefined;
}

/** Returns NXF_HOME, where Nextflow stores its downloads, as an absolute path. */
export function homeOf({ env, directory }: Pick<Execution, 'env' | 'directory'>): string {
  return resolve(directory, nextflowHome(env));
}

/** The directory of a local pipeline, or `ORGANIZATION/NAME` of one that Nextflow downloads. */
export type Pipeline = { readonly local: string } | { readonly project: string } | undefined;

/** Finds the pipeline like Nextflow's `run`: a path that exists is local. */
export function findPipeline({ arguments: args, directory, env }: Execution): Pipeline {
  const named = pipelineOf(args);
  if (named === undefined || named === '-') return undefined;
  const path = resolve(directory, named);
  const found = lookAt(path);
  if (found !== undefined) return { local: found.isDirectory() ? path : dirname(path) };
  const words = named
    .replace(/^[a-z+]+:\/\/[^/]+\//, '')
    .replace(/\.git$/, '')
    .split('/')
    .filter((word) => word !== '' && word !== '.' && word !== '..');
  if (words.length === 0) return undefined;
  const organization = env['NXF_ORG'] || 'nextflow-io';
  return { project: words.length === 1 ? join(organization, ...words) : join(...words.slice(-2)) };
}

/** Returns the configuration files in the order of Nextflow (ConfigBuilder.validateConfigFiles). The last one wins. */
export function configurationFiles(execution: Execution, pipeline: Pipeline): string[] {
  const { arguments: args, directory, env } = execution;
  const { onlyFiles, moreFiles } = readRunLine(args);
  const files =
    onlyFiles.length > 0
      ? onlyFiles
      : [
          join(homeOf(execution), 'config'),
          ...(pipeline !== undefined && 'local' in pipeline ? [join(pipeline.local, 'nextflow.config')] : []),
          env['NXF_CONFIG_FILE'] || 'nextflow.config',
          ...moreFiles,
        ];
  return [...new Set(files.filter((file) => !file.includes('://')).map((file) => resolve(directory, file)))];
}

function lookAt(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // an inaccessible path is not local for Nextflow either
  }
}
