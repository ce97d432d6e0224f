import type { Queries } from '../../ledger/open.ts';
import type { TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { recordTaskJobs } from '../purge/orphaned-jobs.ts';
import type { DroppedRecords } from './reading/dropped-records.ts';
import { RowLimit, rowLimits } from './reading/row-limit.ts';
import { countRows } from './task-records.ts';

/** The jobs of one run's tasks in the ledger, as many as a run may have. */
export class TaskJobRecords {
  readonly #run: string;
  readonly #dropped: DroppedRecords;
  readonly #limit: RowLimit;

  constructor(run: string, dropped: DroppedRecords) {
    this.#run = run;
    this.#dropped = dropped;
    this.#limit = new RowLimit(rowLimits['task-jobs'], (db) => countRows(db, 'task_jobs', run));
  }

  /** Writes what was told of jobs, in the order in which it was told. */
  async writeJobs(db: Queries, told: readonly TaskJobEvent[], source: 'log' | 'events'): Promise<void> {
    if (told.length === 0) return;
    let room = await this.#limit.room(db, told.length);
    const admitted = told.filter((event) => 'completed' in event || (room -= 1) >= 0);
    if (admitted.length < told.length) await this.#dropped.noteDropped(db, 'task-jobs');
    this.#limit.add(admitted.length);
    await recordTaskJobs(db, this.#run, newest(admitted), source);
  }
}

/** Of an id that ended and was given again only that it was given: all that were submitted are written first. */
function newest(events: readonly TaskJobEvent[]): TaskJobEvent[] {
  const byId = new Map<string, TaskJobEvent[]>();
  for (const event of events)
    if ('submitted' in event) byId.set(event.submitted.id, [event]);
    else byId.set(event.completed, [...(byId.get(event.completed) ?? []).slice(0, 1), event]);
  return [...byId.values()].flat();
}
