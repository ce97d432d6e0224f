import type { Command } from 'commander';
import type { PruneResult, Receipt, Run } from '../../../contract/types.ts';
import type { Context } from '../../context.ts';
import { confirm } from '../../io/confirm.ts';
import { checkWithCredentials, purgeWithCredentials } from '../../launch/with-credentials.ts';
import { print, printJson } from '../../io/output.ts';
import { displayOfOutput } from '../../io/display.ts';
import { printState } from '../../io/print-state.ts';
import { timeFormatter, type TimeOptions } from '../../io/time-format.ts';
import { addTimeOption } from '../../io/time-option.ts';
import { listRuns, type ListOptions } from './list-runs.ts';
import { quoteShellWords } from '../../../system/processes/shell-word.ts';
import { count } from '../../../system/count.ts';
import { concludePurge, concludeReceipt } from './conclusions.ts';
import { describeExposures } from './describe-exposures.ts';
import { describeRemoval } from './describe-removal.ts';
import { describeDropped } from './describe-dropped.ts';
import { describeLog } from './describe-log.ts';
import { describeLeftovers } from './describe-leftovers.ts';
import { describeCancellation, describeLeft } from './describe-orphans.ts';
import { describeWritablePlaces } from './describe-writable-places.ts';
import { noteNamesakes } from './note-namesakes.ts';
import { onRun, takesRun } from './choose-run.ts';
import { printLogs } from './print-logs.ts';
import { addTasks } from './run-tasks.ts';
import { waitForRun } from './wait-for-run.ts';
import { watchRun } from './watch-run.ts';
import { runPath } from '../../io/run-path.ts';

export function addRuns(program: Command, context: Context): void {
  const runs = program
    .command('runs')
    .description(
      "Manage runs; RUN is an id, a unique prefix of an id, Nextflow's run name, or - for the newest run of this directory",
    )
    .addHelpText('after', '\nExample: nf-escrow runs list');
  addTimeOption(runs.command('list'))
    .alias('ls')
    .description('List runs, newest first')
    .option(
      '--state <STATE>',
      'created, materialized (secrets delivered), running, ended, purged (secrets removed), or open (not purged, or with orphaned jobs)',
    )
    .option('--outcome <OUTCOME>', 'succeeded, failed, cancelled, lost or aborted')
    .option('--workspace <ORG/NAME>', 'only runs of this workspace')
    .option(
      '--since <TIME>',
      'only runs planned at this time or later, such as 2026-11-28 or 2026-11-28T10:00Z',
    )
    .option('--until <TIME>', 'only runs planned before this time')
    .option('--text <WORDS>', 'only runs with these words in id, name, launch directory or arguments')
    .option('--limit <N>', 'maximum number of runs', '50')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow runs list --outcome failed --since 2026-11-28')
    .action((options: ListOptions) => listRuns(context, options));
  takesRun(addTimeOption(runs.command('show')))
    .description('Show a run')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow runs show happy_euler')
    .action(onRun(context, showRun));
  addTasks(runs, context);
  takesRun(addTimeOption(runs.command('receipt')))
    .description('Show the receipt of a run: delivered objects, and how their removal was verified')
    .option('--check', 'verify again now; exit status 1 if something exists or cannot be checked')
    .option('--json', 'JSON output')
    .addHelpText('after', '\nExample: nf-escrow runs receipt happy_euler --check')
    .action(onRun(context, showReceipt));
  takesRun(runs.command('cancel'))
    .description('Cancel a run, or the orphaned jobs of a run that has ended')
    .addHelpText('after', '\nExample: nf-escrow runs cancel happy_euler')
    .action(onRun(context, cancelRun));
  takesRun(runs.command('purge'))
    .description('Remove the secrets of a run that has ended; exit status 1 if something is left')
    .option('--force', 'remove the secrets even if the run is alive')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow runs purge happy_euler')
    .action(onRun(context, purgeRun));
  takesRun(runs.command('logs'))
    .description("Print the output of a detached run, or Nextflow's log of another run")
    .option('-f, --follow', 'print new output until the run ends')
    .addHelpText('after', '\nExample: nf-escrow runs logs -f happy_euler')
    .action(onRun(context, printLogs));
  takesRun(runs.command('watch'))
    .description('Print the steps of a run until the run is purged; on a terminal, also show its progress')
    .option('--json', 'the events as JSON, one per line')
    .addHelpText('after', '\nExample: nf-escrow runs watch happy_euler')
    .action(onRun(context, watchRun));
  takesRun(runs.command('wait'))
    .description("Wait until a run is purged, and exit with Nextflow's exit status")
    .option('--timeout <TIME>', 'time limit, such as 90s, 30m or 2h; exit status 75 when it is exceeded')
    .addHelpText('after', '\nExample: nf-escrow runs wait happy_euler --timeout 2h')
    .action(onRun(context, waitForRun));
  runs
    .command('prune')
    .description('Delete the records of old purged runs')
    .option('--older-than <DAYS>', 'minimum number of days since the purge', '90')
    .option('--yes', 'skip the confirmation prompt')
    .addHelpText('after', '\nExample: nf-escrow runs prune --older-than 30 --yes')
    .action((options: { olderThan: string; yes?: boolean }) => pruneRuns(context, options));
}

interface ShowOptions extends TimeOptions {
  readonly json?: boolean;
}

async function showRun(context: Context, wanted: string, options: ShowOptions): Promise<void> {
  const run = await (await context.daemon()).call<Run>('GET', runPath(wanted));
  noteNamesakes(wanted, run);
  if (options.json === true) printJson(run);
  else {
    printRun(run, timeFormatter(displayOfOutput(), options));
    for (const line of describeLeftovers(run)) print(`left behind  ${line}`);
    if (run.exposed !== undefined)
      print(`exposed      ${run.exposed.join(', ')}; files: nf-escrow runs receipt ${run.id}`);
  }
}

async function showReceipt(
  context: Context,
  wanted: string,
  options: ShowOptions & { check?: boolean },
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
  const showTime = timeFormatter(displayOfOutput(), options);
  printRun(receipt.run, showTime);
  for (const lease of receipt.leases) {
    print('');
    print(`placed       ${showTime(lease.placedAt ?? 'never')}  ${lease.store}  ${lease.target}`);
    print(
      `${lease.state === 'unverified' ? 'not verified' : 'removed     '} ${showTime(lease.goneAt ?? 'not yet')}  after ${count(lease.attempts, 'attempt')}`,
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
  printChecks(receipt, showTime);
}

/** Prints what --check found, and how to remove what exists again. */
function printChecks({ run, checks = [] }: Receipt, showTime: (time: string) => string): void {
  for (const { result: found, evidence: how, at } of checks)
    printState(`${showTime(at)}  `, found.padEnd(8), ` ${how}`);
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
  if (run.pendingRemovals > 0) process.exitCode = 1;
  print(
    run.pendingRemovals === 0
      ? concludePurge(run)
      : `Some objects of run ${run.id} are not removed yet. The daemon retries the removal. ${run.removalError ?? ''}`.trimEnd(),
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

function printRun(run: Run, showTime: (time: string) => string): void {
  const secrets = run.secrets.map(({ name, scope }) => `${name} (${scope})`).join(', ');
  print(`run          ${run.id}`);
  print(`name         ${run.runName ?? '-'}`);
  printState('state        ', run.state);
  printState(
    'outcome      ',
    run.outcome ?? '-',
    run.outcome === null ? '' : ` (${run.outcomeEvidence ?? ''})`,
  );
  const lines: readonly (readonly [string, string])[] = [
    ['workspace', run.workspace],
    ['compute env', run.computeEnvironment],
    ['secrets', secrets || 'none'],
    ...(run.headJob === null ? [] : [['job', describeJob(run.headJob)] as const]),
    ...(run.orphanedJobs.length === 0 ? [] : [['jobs left', describeLeft(run)] as const]),
    ['directory', run.launchDirectory],
    ['command', quoteShellWords(['nextflow', ...run.arguments])],
    ['log', describeLog(run)],
    ...(run.outputFile === null ? [] : [['output', run.outputFile] as const]),
    ['planned', showTime(run.createdAt)],
    ['ended', showTime(run.endedAt ?? '-')],
    ['purged', showTime(run.purgedAt ?? '-')],
  ];
  for (const [key, value] of lines) print(`${key.padEnd(11)}  ${value}`);
}
