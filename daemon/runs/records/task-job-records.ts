import type { Queries } from '../../ledger/ledger.ts';
import type { TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { recordTaskJobs } from '../purge/orphaned-jobs.ts';
import type { DroppedRecords } from './reading/dropped-records.ts';
import { RowLimit, rowLimits } from './reading/row-limit.ts';
import { countRows } from './task-records.ts';

/** Writes the task jobs of one run to the ledger, up to a limit. */
export class TaskJobRecords {
  readonly #run: string;
  readonly #dropped: DroppedRecords;
  readonly #limit: RowLimit;

  constructor(run: string, dropped: DroppedRecords) {
    this.#run = run;
    this.#dropped = dropped;
    this.#limit = new RowLimit(rowLimits['task-jobs'], (db) => countRows(db, 'task_jobs', run));
  }

  /** Writes job events in their order. */
  async writeJobs(db: Queries, events: readonly TaskJobEvent[], source: 'log' | 'events'): Promise<void> {
    if (events.length === 0) return;
    let remaining = await this.#limit.remaining(db, events.length);
    const admitted = events.filter((event) => 'completed' in event || (remaining -= 1) >= 0);
    if (admitted.length < events.length) await this.#dropped.noteDropped(db, 'task-jobs');
    this.#limit.add(db, admitted.length);
    await recordTaskJobs(db, this.#run, newest(admitted), source);
  }
}

/** Drops the end of an id that was submitted again: within a batch, all submissions are written first. */
function newest(events: readonly TaskJobEvent[]): TaskJobEvent[] {
  const byId = new Map<string, TaskJobEvent[]>();
  for (const event of events)
    if ('submitted' in event) byId.set(event.submitted.id, [event]);
    else byId.set(event.completed, [...(byId.get(event.completed) ?? []).slice(0, 1), event]);
  return [...byId.values()].flat();
}
