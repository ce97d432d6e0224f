import type { ComputeEnvironment } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { printTable, type Column } from '../../io/table.ts';
import type { PlacedEnvironment } from './server-environments.ts';
import { readPlatforms, summarize } from './platform-options.ts';

const COLUMNS: readonly Column[] = [
  'NAME',
  'WORKSPACE',
  'PLATFORM',
  'EXECUTOR',
  'HEAD',
  { title: 'RUNS DIRECTORY', is: 'path' },
  { title: 'TASKS IN', is: 'long' },
  'DEFAULT',
];

/** Prints compute environments of the daemon and of workspaces on team servers as a table. */
export async function showComputeEnvironments(
  context: Context,
  environments: readonly ComputeEnvironment[],
  onServers: readonly PlacedEnvironment[] = [],
): Promise<void> {
  const { own } = readPlatforms();
  const all = [...environments.map((environment) => ({ environment, workspace: undefined })), ...onServers];
  // Most daemons have only their own.
  const hasServer = onServers.length > 0;
  const rows = all.map(({ environment, workspace = '-' }) => [
    environment.name,
    ...(hasServer ? [workspace] : []),
    environment.platform,
    environment.executor ?? '-',
    environment.headJob === true ? 'job' : 'local',
    environment.runsDirectory ?? context.settings.paths.runs,
    summarize(own, environment),
    environment.isDefault ? '*' : '',
  ]);
  await printTable(
    COLUMNS.filter((column) => hasServer || column !== 'WORKSPACE'),
    rows,
  );
}
