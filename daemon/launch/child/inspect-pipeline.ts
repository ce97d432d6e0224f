import { join, resolve } from 'node:path';
import { systemCode } from '../../errors.ts';
import { assetsOf, findPipeline } from '../../nextflow/launcher/pipeline.ts';
import { readRegularFile } from '../../system/files/read-regular-file.ts';
import { findDeclaredSecrets } from './declared-secrets.ts';
import type { ChildTasks, FoundSchema } from './tasks.ts';

/** Name of the file in which pipelines describe their parameters (nf-core, nf-schema). */
const SCHEMA = 'nextflow_schema.json';
const SCHEMA_MAX = 1024 * 1024;
/** nf-core schemas have six levels. */
const LEVELS_MAX = 40;

type Input = ChildTasks['pipeline']['input'] & {
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Returns the schema of a pipeline's parameters and the secrets that its processes declare, as far as it is local. */
export function inspectPipeline({ launch, env }: Input): ChildTasks['pipeline']['output'] {
  const directory = localDirectory({ launch, env });
  if (directory === undefined)
    return {
      found: { file: null, schema: null, reason: "the pipeline is not on the daemon's host" },
      processes: [],
    };
  return { found: readSchema(join(directory, SCHEMA)), processes: findDeclaredSecrets(directory) };
}

/** Without a revision, Nextflow runs what it has downloaded. Another revision may have other parameters. */
function localDirectory({ launch, env }: Input): string | undefined {
  const { pipeline: named, launchDirectory: directory, revision } = launch;
  const pipeline = findPipeline({ arguments: ['run', named], directory, env });
  if (pipeline?.kind === 'local') return pipeline.directory;
  if (pipeline?.kind !== 'project' || revision !== undefined) return undefined;
  return resolve(assetsOf({ directory, env }), pipeline.project);
}

function readSchema(file: string): FoundSchema {
  const none = (reason: string, at: string | null = file): FoundSchema => ({
    file: at,
    schema: null,
    reason,
  });
  let bytes;
  try {
    bytes = readRegularFile(file, SCHEMA_MAX + 1);
  } catch (error) {
    return none(`${SCHEMA} cannot be read: ${String(systemCode(error))}`);
  }
  if (bytes === undefined) return none(`the pipeline has no ${SCHEMA}`, null);
  if (bytes.length > SCHEMA_MAX) return none(`${SCHEMA} is larger than 1 MiB`);
  let schema: unknown;
  try {
    schema = JSON.parse(bytes.toString('utf8'));
  } catch {
    return none(`${SCHEMA} is not JSON`);
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return none(`${SCHEMA} is not an object`);
  if (isDeeperThan(schema, LEVELS_MAX)) return none(`${SCHEMA} has more than ${String(LEVELS_MAX)} levels`);
  return { file, schema, reason: null };
}

/** Compares level by level: recursion would exhaust the stack. */
function isDeeperThan(value: object, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((one): unknown[] =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
  }
  return false;
}
