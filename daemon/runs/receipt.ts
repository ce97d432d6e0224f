import type { Receipt, Task } from '../contract/types.ts';
import { now, type Engine } from './engine.ts';
import { describeLease, describeRun, leasesOf, tasksOf, type RunRow } from './queries.ts';

/** What was placed for a run, when it went, and how its absence was checked. */
export async function receiptOf(engine: Engine, run: RunRow): Promise<Receipt> {
  const leases = (await leasesOf(engine.ledger.db, run.id)).map(describeLease);
  return {
    run: await describeRun(engine.ledger.db, run),
    leases,
    exposures: exposuresIn((await tasksOf(engine.ledger.db, run.id)).tasks),
    complete: leases.every(({ state }) => state === 'gone'),
    issuedAt: now(engine),
  };
}

/** Which secrets the pipeline itself wrote into its tasks' files, by process: those files are not ours to remove. */
function exposuresIn(tasks: readonly Task[]): Receipt['exposures'] {
  const found = new Map<string, Receipt['exposures'][number]>();
  for (const { process, exposed } of tasks)
    for (const secret of exposed) {
      const key = `${secret} ${process ?? ''}`;
      found.set(key, { secret, process, tasks: (found.get(key)?.tasks ?? 0) + 1 });
    }
  return [...found.values()];
}
