import type { ExposureSearch, PlannedSecret } from '../../contract/types.ts';
import type { Queries } from '../../ledger/open.ts';
import type { ExposureEvent } from '../../nextflow/logs/exposure-events.ts';
import type { RunRow } from './queries.ts';

/** Files of one run that are recorded, for each of its secrets; the plugin tells of no more, and a task may forge events. */
const MOST = 10_000;

/** Writes the files in which values were found into the ledger. One for a head's records: it counts what it has written. */
export class ExposureRecords {
  readonly #run: string;
  readonly #secrets: ReadonlySet<string>;
  #written = 0;

  constructor({ id, plan }: Pick<RunRow, 'id' | 'plan'>) {
    this.#run = id;
    this.#secrets = new Set((JSON.parse(plan) as PlannedSecret[]).map(({ name }) => name));
  }

  /**
   * Idempotent: events are read again by the next daemon. A secret that the run does not have is none of its. False: there
   * are too many, and this one is not recorded.
   */
  async writeExposure(db: Queries, { file, task, process, secrets }: ExposureEvent): Promise<boolean> {
    const own = [...new Set(secrets)].filter((secret) => this.#secrets.has(secret));
    for (const secret of own) {
      if (this.#written >= MOST) return false;
      this.#written += 1;
      await db
        .insertInto('exposures')
        .values({ run_id: this.#run, secret, path: file, task_id: task, process })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    return true;
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
