import type { Selectable } from 'kysely';
import { asEscrowError } from '../errors.ts';
import type { Claim } from '../ledger/postgres/claims.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';
import { missedSeconds } from '../releases/availability.ts';
import { requestRemoval } from '../releases/delivery-rows.ts';
import { step } from '../system/steps.ts';
import { leaseTimes, timeIn, type Delivering } from './delivering.ts';
import { pauseAfter } from './remove-delivery.ts';

type Row = Selectable<Tables['deliveries']>;

/**
 * Acts on a delivery that exists and that this process has claimed. Before its expiry, renews the expiry that is stored with the objects.
 * After it, looks for unfinished jobs that use the objects: these extend it, and without any, the removal is requested. If they cannot be looked for, the
 * delivery is kept for one further lease at most. Returns whether the removal was requested. Throws `claim-lost`.
 */
export async function renewOrExpire(deps: Delivering, claim: Claim, row: Row): Promise<boolean> {
  const { ledger, times = leaseTimes } = deps;
  // Time in which no replica could receive a report does not count.
  const missed = (await missedSeconds(ledger.db)) - row.missed_seconds;
  const expires = Date.parse(row.expires_at) + missed * 1000;
  const left = (expires - ledger.clock.now()) / 1000;
  if (left > 0) {
    await renewObjects(deps, claim, row, new Date(expires).toISOString());
    await setDue(deps, claim, { next_at: timeIn(ledger, Math.min(left, times.renewal)), attempts: 0 });
    return false;
  }
  const jobs = await findJobs(deps, claim, row);
  if (typeof jobs === 'string') {
    if (-left < times.lease) {
      const next_at = timeIn(ledger, pauseAfter(row.attempts));
      await setDue(deps, claim, { next_at, attempts: row.attempts + 1, last_error: jobs });
      return false;
    }
    deps.log.warn(
      { delivery: claim.id, reason: jobs },
      'cannot look for unfinished jobs; removing the secrets',
    );
  } else if (jobs.length > 0) {
    const until = timeIn(ledger, times.extension);
    await renewObjects(deps, claim, row, until);
    const expiry = { expires_at: until, missed_seconds: row.missed_seconds + missed };
    await setDue(deps, claim, { next_at: until, ...expiry, attempts: 0, last_error: null });
    return false;
  }
  return step(deps.faults, 'delivery.record-due', () =>
    deps.claims.write(claim, async (db) => {
      // A report may have arrived since the row was read.
      if (await isRenewed(db, row)) return false;
      return requestRemoval(db, claim.id, 'expired', timeIn(ledger));
    }),
  );
}

async function isRenewed(db: Queries, { id, expires_at }: Row): Promise<boolean> {
  const now = await db
    .selectFrom('deliveries')
    .select('expires_at')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return now.expires_at !== expires_at;
}

async function setDue(
  { claims, faults }: Delivering,
  claim: Claim,
  change: Partial<Pick<Row, 'next_at' | 'attempts' | 'last_error' | 'expires_at' | 'missed_seconds'>>,
): Promise<void> {
  await step(faults, 'delivery.record-due', () =>
    claims.write(claim, (db) =>
      db
        .updateTable('deliveries')
        .set(change)
        .where('id', '=', claim.id)
        .where('state', '=', 'placed')
        .execute(),
    ),
  );
}

/** Returns the ids of unfinished jobs that use the objects of a delivery, or why they are not known. */
async function findJobs(
  { ledger: { db }, stores: { usesOfSecrets }, faults }: Delivering,
  claim: Claim,
  { id }: Row,
): Promise<readonly string[] | string> {
  const leases = await leasesOf(db, id);
  const [first] = leases;
  if (first === undefined || usesOfSecrets === undefined) return [];
  try {
    return await step(faults, 'delivery.find-jobs', () =>
      usesOfSecrets.unfinishedJobs(
        first.locator,
        leases.map(({ target }) => target),
      ),
    );
  } catch (error) {
    return `cannot look for unfinished jobs: ${asEscrowError(error).message}`;
  }
}

/** A failure loses nothing: the ledger decides, and the stored expiry is for others who find the objects. */
async function renewObjects(
  { ledger: { db }, removers, faults, log }: Delivering,
  claim: Claim,
  { id }: Row,
  expiresAt: string,
): Promise<void> {
  for (const { store, target, locator, sent_at: sentAt } of await leasesOf(db, id))
    try {
      await step(faults, 'delivery.renew', () =>
        removers.get(store)?.renew?.({ target, locator, sentAt }, expiresAt),
      );
    } catch (error) {
      const reason = asEscrowError(error).message;
      log.warn({ delivery: claim.id, target, reason }, 'lease renewed in the ledger only');
    }
}

async function leasesOf(db: Queries, id: string) {
  return db
    .selectFrom('delivery_leases')
    .select(['store', 'target', 'locator', 'sent_at'])
    .where('delivery_id', '=', id)
    .where('state', '=', 'placed')
    .execute();
}
