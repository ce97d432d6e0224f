import { readAll } from '../../api-client/read-all.ts';
import type { Run } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import type { RunSummary } from './status-table.ts';
import { count } from '../../system/count.ts';
import { outputIsTerminal, print, printJson } from '../io/output.ts';
import { describeLeftovers } from './runs/describe-leftovers.ts';
import { describeRefusals } from './runs/describe-orphans.ts';

/** Implements `nf-escrow status`: a line for each live run and each run with pending removals, with its problems below it. */
export async function status(context: Context, options: { json?: boolean }): Promise<void> {
  // All pages: a pending removal must not be cut off at the end of a list.
  const open = await readAll<Run>(await context.daemon(), '/v1/runs?state=open', 'runs');
  if (options.json === true) printJson({ runs: open });
  else if (open.length === 0) print('No live runs, no delivered secrets, no pending removals.');
  else if (outputIsTerminal()) await showOnTerminal(open.map(summarize));
  else for (const run of open) printRun(run);
}

/** Shows the runs as a table. Its modules are loaded only for it, because `status` has to be fast. */
async function showOnTerminal(runs: readonly RunSummary[]): Promise<void> {
  await (await import('./status-table.ts')).showStatusTable(runs);
}

function summarize(run: Run): RunSummary {
  const { id, runName, state, outcome, launchDirectory } = run;
  return {
    cells: [id, runName ?? '-', outcome ?? state, describeSecrets(run), launchDirectory],
    problems: describeProblems(run),
  };
}

/** Prints a run for programs and logs: everything in one line, whatever its length. */
function printRun(run: Run): void {
  const { id, runName, state, outcome, launchDirectory } = run;
  const what =
    state === 'ended' || state === 'purged'
      ? `ended (${outcome ?? '?'}), ${describeSecrets(run)}`
      : `${state}, ${describeSecrets(run)}`;
  print(`${id}  ${runName ?? '-'}  ${what}  ${launchDirectory}`);
  for (const line of describeProblems(run)) print(`  ${line}`);
}

function describeSecrets({ state, secrets, pendingRemovals }: Run): string {
  if (state === 'purged') return 'everything removed';
  if (state === 'ended') return count(pendingRemovals, 'pending removal');
  return `${count(secrets.length, 'secret')} delivered`;
}

/** Returns why a run is not purged, and what the user can do. */
function describeProblems(run: Run): string[] {
  const { id, state, removalError, orphanedJobs } = run;
  return [
    ...(state === 'ended' && removalError ? [removalError] : []),
    ...describeLeftovers(run),
    ...(orphanedJobs.length === 0
      ? []
      : [`${count(orphanedJobs.length, 'orphaned job')}. To cancel: nf-escrow runs cancel ${id}`]),
    ...describeRefusals(orphanedJobs),
  ];
}
