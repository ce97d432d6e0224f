import type { Command } from 'commander';
import type { PruneResult, Receipt, Run, RunList } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { confirm } from '../../io/confirm.ts';
import { checkWithCredentials, purgeWithCredentials } from '../../launch/with-credentials.ts';
import { print, printJson } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import { quoteShellWords } from '../../../system/processes/shell-word.ts';
import { count } from '../../../system/count.ts';
import { concludePurge, concludeReceipt } from './conclusions.ts';
import { describeExposures } from './describe-exposures.ts';
import { describeRemoval } from './describe-removal.ts';
import { describeDropped } from './describe-dropped.ts';
import { describeLeftovers } from './describe-leftovers.ts';
import { describeCancellation, describeLeft } from './describe-orphans.ts';
import { describeWritablePlaces } from './describe-writable-places.ts';
import { noteNamesakes } from './note-namesakes.ts';
import { printLogs, waitForRun, watchRun } from './run-progress.ts';
import { runPath } from '../../io/run-path.ts';

export function addRuns(program: Command, context: Context): void {
  const runs = program
    .command('runs')
    .description("Manage runs; RUN is an id, a unique prefix of one, or Nextflow's run name");
  runs
    .command('list')
    .alias('ls')
    .description('List runs, newest first')
    .option('--state <STATE>', 'created, materialized, running, ended, purged, or open (all but purged)')
    .option('--workspace <ORG/NAME>', 'only runs of this workspace')
    .option('--limit <N>', 'maximum number of runs', '50')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow runs list --state running')
    .action((options: ListOptions) => listRuns(context, options));
  runs
    .command('show')
    .argument('<RUN>')
    .description('Show a run')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow runs show happy_euler')
    .action((run: string, options: { json?: boolean }) => showRun(context, run, options));
  runs
    .command('receipt')
    .argument('<RUN>')
    .description('Show the receipt of a run: delivered objects, and how their removal was verified')
    .option('--check', 'verify again now; exit status 1 if something exists or cannot be checked')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow runs receipt happy_euler --check')
    .action((run: string, options: { json?: boolean; check?: boolean }) =>
      showReceipt(context, run, options),
    );
  runs
    .command('cancel')
    .argument('<RUN>')
    .description('Cancel a run: send SIGTERM to nextflow, or abort a run that has not started')
    .addHelpText('after', '\nExample: nf-escrow runs cancel happy_euler')
    .action((run: string) => cancelRun(context, run));
  runs
    .command('purge')
    .argument('<RUN>')
    .description('Remove the secrets of a run that has ended')
    .option('--force', 'remove its secrets even if the run is alive')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow runs purge happy_euler')
    .action((run: string, options: { force?: boolean; yes?: boolean }) => purgeRun(context, run, options));
  runs
    .command('logs')
    .argument('<RUN>')
    .description("Print the output of a detached run, or Nextflow's log of another run")
    .option('-f, --follow', 'print new output until the run ends')
    .addHelpText('after', '\nExample: nf-escrow runs logs -f happy_euler')
    .action((run: string, options: { follow?: boolean }) => printLogs(context, run, options));
  runs
    .command('watch')
    .argument('<RUN>')
    .description('Print the events of a run as they happen, until it is purged')
    .addHelpText('after', '\nExample: nf-escrow runs watch happy_euler')
    .action((run: string) => watchRun(context, run));
  runs
    .command('wait')
    .argument('<RUN>')
    .description("Wait until a run is purged, and exit with Nextflow's exit status")
    .addHelpText('after', '\nExample: nf-escrow runs wait happy_euler')
    .action((run: string) => waitForRun(context, run));
  runs
    .command('prune')
    .description('Delete the records of old purged runs')
    .option('--older-than <DAYS>', 'minimum number of days since the purge', '90')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow runs prune --older-than 30 --yes')
    .action((options: { olderThan: string; yes?: boolean }) => pruneRuns(context, options));
}

interface ListOptions {
  readonly json?: boolean;
  readonly state?: string;
  readonly workspace?: string;
  readonly limit: string;
}

async function listRuns(context: Context, { json, ...filter }: ListOptions): Promise<void> {
  const query = new URLSearchParams(filter as Record<string, string>).toString();
  const { runs } = await (await context.daemon()).call<RunList>('GET', `/v1/runs?${query}`);
  if (json === true) printJson({ runs });
  else if (runs.length === 0) print('No runs yet. Start one: nf-escrow run PIPELINE');
  else await printTable(['RUN', 'NAME', 'STATE', 'OUTCOME', 'STARTED', 'SECRETS', 'LEFT'], runs.map(rowOf));
}

async function showRun(context: Context, wanted: string, options: { json?: boolean }): Promise<void> {
  const run = await (await context.daemon()).call<Run>('GET', runPath(wanted));
  noteNamesakes(wanted, run);
  if (options.json === true) printJson(run);
  else {
    printRun(run);
    for (const line of describeLeftovers(run)) print(`left behind  ${line}`);
    if (run.exposed !== undefined)
      print(`exposed      ${run.exposed.join(', ')}; files: nf-escrow runs receipt ${run.id}`);
  }
}

async function showReceipt(
  context: Context,
  wanted: string,
  options: { json?: boolean; check?: boolean },
): Promise<void> {
  const daemon = await context.daemon();
  const path = `${runPath(wanted)}/receipt`;
  const receipt =
    options.check === true
      ? await checkWithCredentials(daemon, path)
      : await daemon.call<Receipt>('GET', path);
  noteNamesakes(wanted, receipt.run);
  if (receipt.checks?.some(({ result: found }) => found !== 'absent') === true) process.exitCode = 1;
  if (options.json === true) {
    printJson(receipt);
    return;
  }
  printRun(receipt.run);
  for (const lease of receipt.leases) {
    print('');
    print(`placed       ${lease.placedAt ?? 'never'}  ${lease.store}  ${lease.target}`);
    print(
      `${lease.state === 'unverified' ? 'not verified' : 'removed     '} ${lease.goneAt ?? 'not yet'}  after ${count(lease.attempts, 'attempt')}`,
    );
    for (const line of describeRemoval(lease)) print(line);
    print(`checked      ${lease.verification ?? '-'}`);
    if (lease.lastError !== null) print(`last error   ${lease.lastError}`);
  }
  for (const line of describeWritablePlaces(receipt)) print(line);
  for (const line of describeExposures(receipt)) print(line);
  for (const line of describeDropped(receipt)) print(line);
  print('');
  print(concludeReceipt(receipt));
  printChecks(receipt);
}

/** Prints what --check found, and how to remove what exists again. */
function printChecks({ run, checks = [] }: Receipt): void {
  for (const { result: found, evidence: how, at } of checks) print(`${at}  ${found.padEnd(8)} ${how}`);
  if (checks.some(({ result: found }) => found === 'present') && run.state === 'purged')
    print(`An object exists again. Remove it with: nf-escrow runs purge ${run.id}`);
}

async function cancelRun(context: Context, wanted: string): Promise<void> {
  const run = await (await context.daemon()).call<Run>('POST', `${runPath(wanted)}/cancel`);
  const isOver = run.state === 'ended' || run.state === 'purged';
  print(
    isOver ? `Run ${run.id} has ended (${run.outcome ?? '?'}).` : `Requested cancellation of run ${run.id}.`,
  );
  if (!isOver) return;
  for (const line of describeCancellation(run)) print(line);
  if (run.orphanedJobs.some(({ refusal }) => refusal !== undefined)) process.exitCode = 1;
}

async function purgeRun(
  context: Context,
  wanted: string,
  options: { force?: boolean; yes?: boolean },
): Promise<void> {
  if (options.force === true)
    await confirm(`Remove the secrets of ${wanted} even if it is alive?`, options.yes);
  const query = options.force === true ? '?force=true' : '';
  const run = await purgeWithCredentials(await context.daemon(), `${runPath(wanted)}/purge${query}`);
  print(
    run.pendingRemovals === 0
      ? concludePurge(run)
      : `Could not remove everything of run ${run.id} yet. The daemon retries the removal. ${run.removalError ?? ''}`.trimEnd(),
  );
}

async function pruneRuns(context: Context, options: { olderThan: string; yes?: boolean }): Promise<void> {
  const days = Number(options.olderThan);
  await confirm(`Delete the records of runs purged ${options.olderThan} or more days ago?`, options.yes);
  const { pruned } = await (await context.daemon()).call<PruneResult>('POST', '/v1/runs/prune', { days });
  print(`Deleted the records of ${count(pruned, 'run')}.`);
}

function describeJob({ executor, id, head }: NonNullable<Run['headJob']>): string {
  return `${executor} ${id ?? '(being submitted)'}${head ? '' : ', your own job'}`;
}

function rowOf(run: Run): string[] {
  const { id, runName, state, outcome, createdAt, secrets, pendingRemovals } = run;
  return [
    id,
    runName ?? '-',
    state,
    outcome ?? '-',
    createdAt,
    String(secrets.length),
    String(pendingRemovals),
  ];
}

function printRun(run: Run): void {
  const outcome = run.outcome === null ? '-' : `${run.outcome} (${run.outcomeEvidence ?? ''})`;
  const secrets = run.secrets.map(({ name, scope }) => `${name} (${scope})`).join(', ');
  const lines: readonly (readonly [string, string])[] = [
    ['run', run.id],
    ['name', run.runName ?? '-'],
    ['state', run.state],
    ['outcome', outcome],
    ['workspace', run.workspace],
    ['compute env', run.computeEnvironment],
    ['secrets', secrets || 'none'],
    ...(run.headJob === null ? [] : [['job', describeJob(run.headJob)] as const]),
    ...(run.orphanedJobs.length === 0 ? [] : [['jobs left', describeLeft(run)] as const]),
    ['directory', run.launchDirectory],
    ['command', quoteShellWords(['nextflow', ...run.arguments])],
    ['log', run.logFile ?? '-'],
    ...(run.outputFile === null ? [] : [['output', run.outputFile] as const]),
    ['planned', run.createdAt],
    ['ended', run.endedAt ?? '-'],
    ['purged', run.purgedAt ?? '-'],
  ];
  for (const [key, value] of lines) print(`${key.padEnd(11)}  ${value}`);
}
