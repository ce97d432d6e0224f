import type { ComputeEnvironment } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { printTable, type Column } from '../../io/table.ts';
import { readPlatforms, summarize } from './platform-options.ts';

const COLUMNS: readonly Column[] = [
  'NAME',
  'PLATFORM',
  'EXECUTOR',
  'HEAD',
  { title: 'RUNS DIRECTORY', is: 'path' },
  { title: 'TASKS IN', is: 'long' },
  'DEFAULT',
];

/** Prints compute environments as a table. */
export async function showComputeEnvironments(
  context: Context,
  environments: readonly ComputeEnvironment[],
): Promise<void> {
  const { own } = readPlatforms();
  const rows = environments.map((environment) => [
    environment.name,
    environment.platform,
    environment.executor ?? '-',
    environment.headJob === true ? 'job' : 'local',
    environment.runsDirectory ?? context.settings.paths.runs,
    summarize(own, environment),
    environment.isDefault ? '*' : '',
  ]);
  await printTable(COLUMNS, rows);
}
