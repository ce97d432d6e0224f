import type { ExposureSearch, PlannedSecret } from '../../contract/types.ts';
import type { Queries } from '../../ledger/open.ts';
import type { ExposureEvent } from '../../nextflow/logs/exposure-events.ts';
import type { RunRow } from './queries.ts';

/** Files of one run that are recorded, for each of its secrets; the plugin tells of no more, and a task may forge events. */
const MOST = 10_000;

/** Writes the files in which values were found into the ledger. One for a head's records: it counts what it has written. */
export class ExposureRecords {
  readonly #run: Pick<RunRow, 'id' | 'plan'>;
  #written = 0;

  constructor(run: Pick<RunRow, 'id' | 'plan'>) {
    this.#run = run;
  }

  /** Idempotent: events are read again by the next daemon. A secret that the run does not have is none of its. */
  async writeExposure(db: Queries, { file, task, process, secrets }: ExposureEvent): Promise<void> {
    const own = (JSON.parse(this.#run.plan) as PlannedSecret[]).map(({ name }) => name);
    for (const secret of secrets) {
      if (!own.includes(secret) || this.#written >= MOST) continue;
      this.#written += 1;
      await db
        .insertInto('exposures')
        .values({ run_id: this.#run.id, secret, path: file, task_id: task, process })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  }
}

/** Writes how a run's files were searched. */
export async function writeSearch(db: Queries, run: string, search: ExposureSearch): Promise<void> {
  await db
    .updateTable('runs')
    .set({ search: JSON.stringify(search) })
    .where('id', '=', run)
    .execute();
}
