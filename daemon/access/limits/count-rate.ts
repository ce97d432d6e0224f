import { sql } from 'kysely';
import { EscrowError } from '../../errors.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import type { TeamLimits } from './team-limits.ts';

const MINUTE_MS = 60_000;

/** What is counted. */
interface Use {
  /** The key of a principal, or the id of a workspace. */
  readonly subject: string;
  readonly limit: keyof TeamLimits;
  readonly amount: number;
  /** What the request does, such as `Cannot release secrets of workspace lab/rna`. */
  readonly detail: string;
}

/**
 * Counts a use in its minute, also if the request then fails. Call it before the transaction of the effect and not in it: all
 * requests of a workspace update the same row, and serializable transactions that update one row are in conflict until only one is
 * left. Throws `limit-exceeded`.
 */
export async function countRate(
  { db, clock }: Pick<Ledger, 'db' | 'clock'>,
  limits: TeamLimits,
  { subject, limit, amount, detail }: Use,
): Promise<void> {
  const minute = Math.floor(clock.now() / MINUTE_MS);
  const max = limits[limit];
  // A replica whose clock is behind counts in the minute that another one has begun.
  const { amount: used } = await db
    .insertInto('limit_counts')
    .values({ subject, kind: limit, minute, amount })
    .onConflict((conflict) =>
      conflict.columns(['subject', 'kind']).doUpdateSet({
        amount: sql`CASE WHEN limit_counts.minute >= excluded.minute THEN limit_counts.amount ELSE 0 END + excluded.amount`,
        minute: sql`CASE WHEN limit_counts.minute >= excluded.minute THEN limit_counts.minute ELSE excluded.minute END`,
      }),
    )
    .returning('amount')
    .executeTakeFirstOrThrow();
  if (used <= max) return;
  throw new EscrowError(
    'limit-exceeded',
    `${detail}: limits.${limit} of the server is ${String(max)}, and ${String(used - amount)} are used in this minute.`,
    {
      hint:
        amount > max
          ? `Divide the request, or ask an administrator of the server to raise limits.${limit}.`
          : 'Retry in a minute.',
    },
  );
}

/** Deletes the counts of minutes that are over. */
export async function deleteOldCounts(db: Queries, now: number): Promise<void> {
  await db
    .deleteFrom('limit_counts')
    .where('minute', '<', Math.floor(now / MINUTE_MS) - 60)
    .execute();
}
