import { sql } from 'kysely';
import type { ExposureSearch, PlannedSecret } from '../../contract/types.ts';
import { fragmentsOf } from '../../ledger/fragments.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { ExposureEvent } from '../../nextflow/logs/exposure-events.ts';
import type { RunRow } from './queries.ts';
import { RowLimit, rowLimits } from './reading/row-limit.ts';
import { countRows } from './task-records.ts';

/** Writes files that contain values to the ledger. Each head has one instance. */
export class ExposureRecords {
  readonly #run: string;
  readonly #secrets: ReadonlySet<string>;
  readonly #limit: RowLimit;

  /** `most`: tests lower it. */
  constructor({ id, plan }: Pick<RunRow, 'id' | 'plan'>, most: number = rowLimits.exposures) {
    this.#run = id;
    this.#limit = new RowLimit(most, (db) => countRows(db, 'exposures', id));
    this.#secrets = new Set((JSON.parse(plan) as PlannedSecret[]).map(({ name }) => name));
  }

  /**
   * Records an exposure. Ignores secrets that the run does not have. Idempotent, because the next daemon reads the events
   * again. Returns false if the limit is reached and the exposure was not recorded.
   */
  async writeExposure(
    db: Queries,
    { file, task, process, secrets, encodings = ['plain'] }: ExposureEvent,
  ): Promise<boolean> {
    const own = [...new Set(secrets)].filter((secret) => this.#secrets.has(secret));
    for (const secret of own) {
      if ((await this.#limit.remaining(db, 1)) === 0) return false;
      await db
        .insertInto('exposures')
        .values({
          run_id: this.#run,
          secret,
          path: file,
          task_id: task,
          process,
          encodings: JSON.stringify(encodings),
        })
        // The audit at the end knows all encodings, and the plugin knows the task.
        .onConflict((conflict) =>
          conflict
            .expression(sql`run_id, secret, ${fragmentsOf(db).longKey('path')}`)
            .doUpdateSet((row) => ({ encodings: row.ref('excluded.encodings') })),
        )
        .execute();
      this.#limit.add(db, 1);
    }
    return true;
  }
}

/** Writes the result of a search of the run's files. */
export async function writeSearch(db: Queries, run: string, search: ExposureSearch): Promise<void> {
  await db
    .updateTable('runs')
    .set({ search: JSON.stringify(search) })
    .where('id', '=', run)
    .execute();
}
