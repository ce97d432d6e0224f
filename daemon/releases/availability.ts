import type { Ledger, Queries } from '../ledger/ledger.ts';
import { writeMeta } from '../ledger/meta.ts';
import { step, type FaultInjector } from '../system/steps.ts';

const ROW = 'availability';
/** A longer time without a note counts as time in which no replica could receive reports. */
const GAP_SECONDS = 60;

interface Availability {
  /** When a replica last noted that it can receive reports, by the clock of the ledger, in milliseconds. */
  readonly at: number;
  /** Time in which no replica could, in seconds, since the first note. */
  readonly missed: number;
}

/**
 * Notes that this replica can receive reports. The time since the last note of any replica counts as missed if it is longer than a minute,
 * so that no delivery expires because the server was down. Idempotent.
 */
export async function noteAvailable(
  { clock, write }: Pick<Ledger, 'clock' | 'write'>,
  faults: FaultInjector,
): Promise<void> {
  await step(faults, 'availability.note', () =>
    write(async (db) => {
      const { at, missed } = (await read(db)) ?? { at: clock.now(), missed: 0 };
      const now = clock.now();
      const gap = Math.floor((now - at) / 1000);
      const noted: Availability = {
        at: Math.max(at, now),
        missed: gap > GAP_SECONDS ? missed + gap : missed,
      };
      await writeMeta(db, ROW, JSON.stringify(noted));
    }),
  );
}

/** Returns how long no replica could receive reports, in seconds, since the first note. */
export async function missedSeconds(db: Queries): Promise<number> {
  return (await read(db))?.missed ?? 0;
}

async function read(db: Queries): Promise<Availability | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', ROW).executeTakeFirst();
  return row === undefined ? undefined : (JSON.parse(row.value) as Availability);
}
