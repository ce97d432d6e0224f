import type { RunList } from '../contract/types.ts';
import type { Context } from './context.ts';
import { print, printJson } from './output.ts';

/** `nf-escrow status`: what runs, what is placed, what waits for removal; one line each. */
export async function status(context: Context, options: { json?: boolean }): Promise<void> {
  const { runs } = await (await context.daemon()).call<RunList>('GET', '/v1/runs?limit=1000');
  const open = runs.filter(({ state, jobsLeft }) => state !== 'purged' || jobsLeft.length > 0);
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
      print(`${run.id}  ${run.runName ?? '-'}  ${what}  ${run.launchDirectory}`);
      if (run.jobsLeft.length > 0)
        print(`  left ${String(run.jobsLeft.length)} jobs behind: nf-escrow runs cancel ${run.id} ends them`);
    }
  }
}
