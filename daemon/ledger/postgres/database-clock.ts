import { sql, type Kysely } from 'kysely';
import type { Clock } from '../../system/time/clock.ts';
import type { PostgresTables } from './tables.ts';

/** Interval between two comparisons of the clocks. */
const COMPARE_MS = 30_000;
/** A slower response says too little about the moment at which the database read its clock. */
const ROUND_TRIP_MAX_MS = 2000;

/**
 * The wall clock of the database, which all processes that share a ledger use: their own clocks can differ by minutes. The
 * time runs with this machine's monotonic clock between two comparisons, and never goes back.
 */
export class DatabaseClock implements Pick<Clock, 'now'> {
  readonly #db: Kysely<PostgresTables>;
  readonly #monotonic: Clock['monotonic'];
  /** Database time minus monotonic time, in milliseconds. */
  #offset = 0;
  #latest = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Kysely<PostgresTables>, monotonic: Clock['monotonic']) {
    this.#db = db;
    this.#monotonic = monotonic;
  }

  /** Compares the clocks, then again at intervals. A failed comparison is repeated at the next interval. */
  async start(): Promise<void> {
    await this.compare(Infinity);
    this.#timer = setInterval(() => void this.compare().catch(() => undefined), COMPARE_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  readonly now = (): number => {
    this.#latest = Math.max(this.#latest, Math.floor(this.#monotonic() + this.#offset));
    return this.#latest;
  };

  /** Measures the offset. Ignores responses that take longer than `longest` milliseconds. */
  async compare(longest = ROUND_TRIP_MAX_MS): Promise<void> {
    const before = this.#monotonic();
    const { rows } = await sql<{ ms: number }>`
      SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`.execute(this.#db);
    const after = this.#monotonic();
    const [row] = rows;
    if (row !== undefined && after - before <= longest) this.#offset = row.ms - (before + after) / 2;
  }
}
