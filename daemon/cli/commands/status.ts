import type { Client } from '../../api-client/client.ts';
import type { Run, RunList } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../io/output.ts';
import { describeLeftovers } from './runs/describe-leftovers.ts';
import { describeRefusals } from './runs/describe-orphans.ts';

/** `nf-escrow status`: what runs, what is placed, what waits for removal; one line each. */
export async function status(context: Context, options: { json?: boolean }): Promise<void> {
  const open = await openRuns(await context.daemon());
  if (options.json === true) printJson({ runs: open });
  else if (open.length === 0) print('Nothing runs, nothing is placed, nothing waits for removal.');
  else {
    for (const run of open) {
      const what =
        run.state === 'purged'
          ? `over (${run.outcome ?? '?'}), nothing placed`
          : run.state === 'ended'
            ? `over (${run.outcome ?? '?'}), waits for removal of ${String(run.pendingRemovals)}`
            : `${run.state}, ${String(run.secrets.length)} secrets placed`;
      const trouble = run.state === 'ended' ? (run.removalError ?? '') : '';
      print(
        `${run.id}  ${run.runName ?? '-'}  ${what}  ${run.launchDirectory}${trouble === '' ? '' : `  ${trouble}`}`,
      );
      for (const line of describeLeftovers(run)) print(`  ${line}`);
      if (run.orphanedJobs.length > 0)
        print(
          `  left ${String(run.orphanedJobs.length)} jobs behind: nf-escrow runs cancel ${run.id} ends them`,
        );
      for (const line of describeRefusals(run.orphanedJobs)) print(`  ${line}`);
    }
  }
}

const PAGE = 1000;

/** All of them, however many runs came after: what waits for its removal must not fall off the end of a list. */
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
