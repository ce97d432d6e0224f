import type { WritablePlace } from '../../contract/types.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/open.ts';

const TYPE = 'run.examined';

/** Writes into the journal what others could change of what a run executes; undefined: nobody has looked. */
export async function recordWritablePlaces(
  db: Queries,
  run: string,
  places: readonly WritablePlace[] | undefined,
): Promise<void> {
  if (places !== undefined) await record(db, { run, type: TYPE, data: { writableByOthers: places } });
}

/** Reads that again; undefined where nothing was written. */
export async function writablePlacesOf(db: Queries, run: string): Promise<WritablePlace[] | undefined> {
  const row = await db
    .selectFrom('journal')
    .select('data')
    .where('run_id', '=', run)
    .where('type', '=', TYPE)
    .orderBy('seq')
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return (JSON.parse(row.data) as { writableByOthers: WritablePlace[] }).writableByOthers;
}
