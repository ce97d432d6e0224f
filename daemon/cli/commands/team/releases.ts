import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import type { ReleaseQuery, ReleaseSummary } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { limitOf } from '../../io/limit-option.ts';
import { noneFound } from '../../io/none-found.ts';
import { printJson, printNote } from '../../io/output.ts';
import { addServerOption, type ServerOption } from '../../io/server-option.ts';
import { printTable, type Column } from '../../io/table.ts';
import type { TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';
import { connectTeamServer, findListed } from '../../places.ts';

/** Filters are called like those of the API. */
interface ReleaseOptions
  extends TimeOptions, ServerOption, Readonly<Partial<Record<keyof ReleaseQuery, string>>> {
  readonly limit: string;
  readonly json?: boolean;
}

const COLUMNS: readonly Column[] = [
  'RUN',
  'WORKSPACE',
  'STATE',
  'OUTCOME',
  'SECRETS',
  'REPORTED BY',
  { title: 'REPORTED', is: 'time' },
];

export function addReleases(program: Command, context: Context): void {
  const releases = program
    .command('releases')
    .description('List the runs that received secrets of a team server')
    .addHelpText('after', '\nExample: nf-escrow releases list --workspace lab/rna');
  addTimeOption(addServerOption(releases.command('list')))
    .alias('ls')
    .description(
      'List the runs that received secrets, newest first, with the states that the daemons reported',
    )
    .option('--workspace <ORG/NAME>', 'only runs with secrets of this workspace')
    .option('--state <STATE>', 'only runs in this state: created, materialized, running, ended or purged')
    .option('--run <ID>', 'only the run with this id')
    .option('--limit <N>', 'maximum number of runs', '50')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow releases list --workspace lab/rna --state running')
    .action((options: ReleaseOptions) => listReleases(context, options));
}

async function listReleases(context: Context, options: ReleaseOptions): Promise<void> {
  const { limit, json, time, server, workspace, ...others } = options;
  const { client, filter } = await findListed(context, { server, workspace }, () =>
    connectTeamServer(context, undefined),
  );
  const filters = { ...others, ...filter };
  const path = `/v1/releases?${new URLSearchParams(filters).toString()}`;
  const releases = await readAll<ReleaseSummary>(client, path, 'releases', limitOf(limit));
  if (json === true) printJson({ releases });
  else if (releases.length === 0)
    printNote(noneFound(filters, 'release', 'No run has received secrets of the server.'));
  else await printTable(COLUMNS, releases.map(rowOf), time === undefined ? {} : { time });
}

function rowOf({ run, workspace, state, outcome, secrets, user, reportedAt }: ReleaseSummary): string[] {
  return [
    run,
    workspace,
    state,
    outcome ?? '',
    String(secrets.length),
    `${user}\'s daemon`,
    reportedAt ?? '',
  ];
}
