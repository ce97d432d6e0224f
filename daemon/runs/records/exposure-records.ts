import { sql } from 'kysely';
import type { ExposureSearch, PlannedSecret } from '../../contract/types.ts';
import { fragmentsOf } from '../../ledger/fragments.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { ExposureEvent } from '../../nextflow/logs/exposure-events.ts';
import type { RunRow } from './queries.ts';

/** Limit of recorded files per run. The plugin reports no more per secret, and a task may forge events. */
const MOST = 10_000;

/** Writes files that contain values to the ledger. Each head has one instance, which counts the rows. */
export class ExposureRecords {
  readonly #run: string;
  readonly #secrets: ReadonlySet<string>;
  #written = 0;

  constructor({ id, plan }: Pick<RunRow, 'id' | 'plan'>) {
    this.#run = id;
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
      if (this.#written >= MOST) return false;
      this.#written += 1;
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
