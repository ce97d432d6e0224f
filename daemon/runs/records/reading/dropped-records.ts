import type { DroppedRecord } from '../../../contract/types.ts';
import { readEventData, record } from '../../../ledger/journal.ts';
import type { Queries } from '../../../ledger/open.ts';

const TYPE = 'run.records-dropped';

/** Notes in the journal, once for each kind, that not everything was recorded of what a run's files tell. */
export class DroppedRecords {
  readonly #run: string;
  #noted: Set<string> | undefined;

  constructor(run: string) {
    this.#run = run;
  }

  /** `db`: a transaction. */
  async noteDropped(db: Queries, what: DroppedRecord): Promise<void> {
    // Who adopts a run reads its files again, and drops the same again.
    this.#noted ??= new Set(await droppedRecordsOf(db, this.#run));
    if (this.#noted.has(what)) return;
    await record(db, { run: this.#run, type: TYPE, data: { what } });
    this.#noted.add(what);
  }
}

/** What was not recorded as a whole of one run. */
export async function droppedRecordsOf(db: Queries, run: string): Promise<DroppedRecord[]> {
  const events = (await readEventData(db, run, TYPE)) as { what: DroppedRecord }[];
  return [...new Set(events.map(({ what }) => what))];
}
