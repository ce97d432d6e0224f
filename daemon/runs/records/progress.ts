import type { RunProgress } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { countByStatus } from './list-tasks.ts';
import { countByProcess } from './process-progress.ts';
import type { RunRow } from './queries.ts';

/** Returns a run's state and the number of its tasks by state and process. Tasks can forge their state: unknown ones are not counted. */
export async function progressOf(db: Queries, run: RunRow): Promise<RunProgress> {
  const counts = await countByStatus(db, run.id);
  return {
    state: run.state,
    startedAt: run.started_at,
    tasks: {
      waiting: counts.NEW + counts.SUBMITTED,
      running: counts.RUNNING,
      completed: counts.COMPLETED,
      cached: counts.CACHED,
      failed: counts.FAILED,
      aborted: counts.ABORTED,
    },
    ...(await countByProcess(db, run.id)),
  };
}
