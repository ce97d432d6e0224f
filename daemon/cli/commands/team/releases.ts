import type { Command } from 'commander';
import { readAll } from '../../../api-client/read-all.ts';
import type { DeliveryState, ReleaseQuery, ReleaseReceipt, ReleaseSummary } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { limitOf } from '../../io/limit-option.ts';
import { noneFound } from '../../io/none-found.ts';
import { print, printJson, printNote } from '../../io/output.ts';
import { confirm } from '../../io/confirm.ts';
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

interface OneOptions extends TimeOptions, ServerOption {
  readonly json?: boolean;
}

interface PurgeOptions extends ServerOption {
  readonly force?: boolean;
  readonly yes?: boolean;
}

const OBJECTS: readonly Column[] = [
  { title: 'OBJECT', is: 'long' },
  'STATE',
  { title: 'REMOVED', is: 'time' },
  { title: 'EVIDENCE', is: 'long' },
];

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
    .description('Show the runs that received secrets of a team server')
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
  addTimeOption(addServerOption(releases.command('receipt')))
    .argument('<RELEASE>')
    .description('Show what the server delivered to a run, and how its removal was verified')
    .option('--json', 'JSON output')
    .addHelpText(
      'after',
      '\nRELEASE is the id of a release or of its run.\n\nExample: nf-escrow releases receipt r20261128a1b2c3d4',
    )
    .action((release: string, options: OneOptions) => showReceipt(context, release, options));
  addServerOption(releases.command('purge'))
    .argument('<RELEASE>')
    .description('Remove what the server delivered to a run whose daemon is lost')
    .option('--force', 'remove it although the run may be alive')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow releases purge r20261128a1b2c3d4')
    .action((release: string, options: PurgeOptions) => purgeRelease(context, release, options));
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

async function showReceipt(
  context: Context,
  release: string,
  { server, json, time }: OneOptions,
): Promise<void> {
  const client = await connectTeamServer(context, server);
  const path = `/v1/releases/${encodeURIComponent(release)}/receipt`;
  const receipt = await client.call<ReleaseReceipt>('GET', path);
  if (json === true) {
    printJson(receipt);
    return;
  }
  const { delivery, complete } = receipt;
  const { run, workspace, user, computeEnvironment, state } = receipt.release;
  print(`run          ${run}, ${state} according to the daemon of ${user}`);
  print(`workspace    ${workspace}`);
  print(
    `delivered by ${delivery === null ? `the daemon of ${user}` : `the server, to ${computeEnvironment ?? ''}`}`,
  );
  print(`removed      ${complete ? 'yes' : 'no'}`);
  if (delivery === null) return;
  if (delivery.endReason !== null) print(`reason       ${delivery.endReason}`);
  if (delivery.lastError !== null) print(`last error   ${delivery.lastError}`);
  const rows = delivery.objects.map((one) => [
    one.target,
    one.state,
    one.goneAt ?? '',
    one.evidence ?? one.lastError ?? '',
  ]);
  print('');
  await printTable(OBJECTS, rows, time === undefined ? {} : { time });
}

async function purgeRelease(
  context: Context,
  release: string,
  { server, force = false, yes }: PurgeOptions,
): Promise<void> {
  const client = await connectTeamServer(context, server);
  await confirm(`Remove the secrets of release ${release} from AWS?`, yes);
  const path = `/v1/releases/${encodeURIComponent(release)}/purge`;
  const { state } = await client.call<DeliveryState>('POST', path, { force });
  print(
    state === 'removed'
      ? 'The secrets are removed.'
      : `The server removes the secrets and retries until they are gone. See: nf-escrow releases receipt ${release}`,
  );
}
