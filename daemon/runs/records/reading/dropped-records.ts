import type { DroppedRecord } from '../../../contract/types.ts';
import { readEventData, record } from '../../../ledger/journal.ts';
import type { Queries } from '../../../ledger/ledger.ts';

const TYPE = 'run.records-dropped';

/** Records in the journal, once per kind, that some content of a run's files was not recorded. */
export class DroppedRecords {
  readonly #run: string;
  /** The kinds that a transaction has read or written. Another one reads them again: this one may be rolled back. */
  #noted: { readonly by: Queries; readonly kinds: Set<string> } | undefined;

  constructor(run: string) {
    this.#run = run;
  }

  /** `db`: a transaction. */
  async noteDropped(db: Queries, what: DroppedRecord): Promise<void> {
    // A daemon that adopts a run reads its files again and drops the same content.
    if (this.#noted?.by !== db)
      this.#noted = { by: db, kinds: new Set(await droppedRecordsOf(db, this.#run)) };
    const { kinds } = this.#noted;
    if (kinds.has(what)) return;
    await record(db, { run: this.#run, type: TYPE, data: { what } });
    kinds.add(what);
  }
}

/** Returns the kinds of records that are incomplete for one run. */
export async function droppedRecordsOf(db: Queries, run: string): Promise<DroppedRecord[]> {
  const events = (await readEventData(db, run, TYPE)) as { what: DroppedRecord }[];
  return [...new Set(events.map(({ what }) => what))];
}
