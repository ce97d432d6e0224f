import type { WritablePlace } from '../../contract/types.ts';
import { readEventData, record } from '../../ledger/journal.ts';
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
  const [event] = (await readEventData(db, run, TYPE)) as { writableByOthers: WritablePlace[] }[];
  return event?.writableByOthers;
}
