import type { Client } from '../../api-client/client.ts';
import type { Run, RunList } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';
import { describeLeftovers } from './runs/describe-leftovers.ts';
import { describeRefusals } from './runs/describe-orphans.ts';

/** Implements `nf-escrow status`: one line for each live run and each run with pending removals. */
export async function status(context: Context, options: { json?: boolean }): Promise<void> {
  const open = await openRuns(await context.daemon());
  if (options.json === true) printJson({ runs: open });
  else if (open.length === 0) print('No live runs, no delivered secrets, no pending removals.');
  else {
    for (const run of open) {
      const what =
        run.state === 'purged'
          ? `ended (${run.outcome ?? '?'}), everything removed`
          : run.state === 'ended'
            ? `ended (${run.outcome ?? '?'}), ${String(run.pendingRemovals)} pending removals`
            : `${run.state}, ${String(run.secrets.length)} secrets delivered`;
      const trouble = run.state === 'ended' ? (run.removalError ?? '') : '';
      print(
        `${run.id}  ${run.runName ?? '-'}  ${what}  ${run.launchDirectory}${trouble === '' ? '' : `  ${trouble}`}`,
      );
      for (const line of describeLeftovers(run)) print(`  ${line}`);
      if (run.orphanedJobs.length > 0)
        print(
          `  ${String(run.orphanedJobs.length)} orphaned jobs. Cancel them with: nf-escrow runs cancel ${run.id}`,
        );
      for (const line of describeRefusals(run.orphanedJobs)) print(`  ${line}`);
    }
  }
}

const PAGE = 1000;

/** Returns all open runs, page by page: a pending removal must not be cut off at the end of a list. */
async function openRuns(daemon: Client): Promise<Run[]> {
  const open: Run[] = [];
  for (let before = '', count = PAGE; count === PAGE;) {
    const { runs } = await daemon.call<RunList>('GET', `/v1/runs?state=open&limit=${String(PAGE)}${before}`);
    open.push(...runs);
    count = runs.length;
    before = `&before=${runs.at(-1)?.id ?? ''}`;
  }
  return open;
}
