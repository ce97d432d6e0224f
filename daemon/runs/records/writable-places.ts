import type { WritablePlace } from '../../contract/types.ts';
import { readEventData, record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/ledger.ts';

const TYPE = 'run.examined';

/** Records in the journal which files of a run others can change. Undefined `places`: nobody has checked. */
export async function recordWritablePlaces(
  db: Queries,
  run: string,
  places: readonly WritablePlace[] | undefined,
): Promise<void> {
  if (places !== undefined) await record(db, { run, type: TYPE, data: { writableByOthers: places } });
}

/** Reads the recorded places. Undefined if there is no record. */
export async function writablePlacesOf(db: Queries, run: string): Promise<WritablePlace[] | undefined> {
  const [event] = (await readEventData(db, run, TYPE)) as { writableByOthers: WritablePlace[] }[];
  return event?.writableByOthers;
}
