import type { Selectable } from 'kysely';
import { asEscrowError, EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Claim } from '../ledger/postgres/claims.ts';
import type { Tables } from '../ledger/tables.ts';
import { unpin } from '../releases/pinned-versions.ts';
import type { LeaseLocation } from '../stores/store.ts';
import { step } from '../system/steps.ts';
import { timeIn, type Delivering } from './delivering.ts';

type Lease = Selectable<Tables['delivery_leases']>;

/** Pauses between attempts, in seconds. */
const PAUSE = { first: 2, longest: 300 };

/**
 * Removes the objects of a delivery that this process has claimed, and verifies that they do not exist. What cannot be removed stays in the
 * ledger with the reason, and a replica retries. Idempotent. Throws `claim-lost`, and errors of the ledger.
 */
export async function removeDelivery(deps: Delivering, claim: Claim): Promise<void> {
  const leases = await deps.ledger.db
    .selectFrom('delivery_leases')
    .selectAll()
    .where('delivery_id', '=', claim.id)
    .where('state', 'not in', ['gone', 'unverified'])
    .execute();
  let failure: EscrowError | undefined;
  for (const lease of leases) failure = (await removeLease(deps, claim, lease)) ?? failure;
  if (failure === undefined) await finish(deps, claim);
  else await postpone(deps, claim, failure);
}

/** Returns why the object could not be removed, or undefined. */
async function removeLease(deps: Delivering, claim: Claim, lease: Lease): Promise<EscrowError | undefined> {
  const { faults, removers, ledger, log } = deps;
  const { target, locator, sent_at: sentAt, store } = lease;
  const place: LeaseLocation = { target, locator, sentAt };
  const attempts = lease.attempts + 1;
  await step(faults, 'delivery.record-removing', () =>
    changeLease(deps, claim, lease, { state: 'removing', attempts }),
  );
  try {
    const remover = removers.get(store);
    if (remover === undefined) throw new Error(`this version of nf-escrow has no store ${store}`);
    await step(faults, 'delivery.remove', () => remover.remove(place));
    const finding = await step(faults, 'delivery.inspect', () => remover.inspect(place));
    if (finding.state === 'present') throw new Error(finding.evidence);
    const state = finding.state === 'absent' ? 'gone' : 'unverified';
    await step(faults, 'delivery.record-gone', () =>
      changeLease(deps, claim, lease, {
        state,
        gone_at: timeIn(ledger),
        check_result: finding.evidence,
        last_error: null,
      }),
    );
    return undefined;
  } catch (error) {
    const known = asEscrowError(error);
    if (known.code === 'claim-lost') throw known;
    if (known.message === lease.last_error) return known;
    log.error(
      { delivery: claim.id, target, reason: known.message },
      'removal failed; a replica will retry it',
    );
    await step(faults, 'delivery.record-failed', () =>
      changeLease(deps, claim, lease, { last_error: known.message }),
    );
    return known;
  }
}

async function changeLease(
  { claims }: Delivering,
  claim: Claim,
  { id }: Lease,
  change: Partial<Lease>,
): Promise<void> {
  await claims.write(claim, (db) =>
    db.updateTable('delivery_leases').set(change).where('id', '=', id).execute(),
  );
}

async function postpone(deps: Delivering, claim: Claim, { message, code }: EscrowError): Promise<void> {
  const { ledger, claims, faults } = deps;
  await step(faults, 'delivery.record-due', () =>
    claims.write(claim, async (db) => {
      const { attempts, last_error } = await db
        .selectFrom('deliveries')
        .select(['attempts', 'last_error'])
        .where('id', '=', claim.id)
        .executeTakeFirstOrThrow();
      const next_at = timeIn(ledger, pauseAfter(attempts));
      const change = { attempts: attempts + 1, next_at, last_error: message, last_error_code: code };
      await db.updateTable('deliveries').set(change).where('id', '=', claim.id).execute();
      if (last_error === message) return;
      const data = { ...(await subjectOf(db, claim.id)), reason: message };
      await record(db, { type: 'release.removal-failed', data });
    }),
  );
}

/** Returns the pause before the next attempt, in seconds, with exponential backoff. */
export function pauseAfter(attempts: number): number {
  return Math.min(PAUSE.first * 2 ** Math.min(attempts, 20), PAUSE.longest);
}

async function finish(deps: Delivering, claim: Claim): Promise<void> {
  const { ledger, claims, faults } = deps;
  const removed_at = timeIn(ledger);
  const deregistered = await deregister(deps, claim);
  await step(faults, 'delivery.record-removed', () =>
    claims.write(claim, async (db) => {
      const { end_reason: reason } = await db
        .selectFrom('deliveries')
        .select('end_reason')
        .where('id', '=', claim.id)
        .executeTakeFirstOrThrow();
      await db
        .updateTable('deliveries')
        .set({ state: 'removed', removed_at, last_error: null, last_error_code: null })
        .where('id', '=', claim.id)
        .execute();
      await unpin(db, [claim.id]);
      // The daemon of the run holds no value, so that its report is not needed. It may be lost.
      await db
        .updateTable('releases')
        .set({ purged_at: removed_at })
        .where('id', '=', claim.id)
        .where('purged_at', 'is', null)
        .execute();
      const data = { ...(await subjectOf(db, claim.id)), reason, ...deregistered };
      await record(db, { type: 'release.removed', data });
    }),
  );
}

/**
 * Deregisters job definitions that refer to the removed objects, unless the daemon does it: it knows them when it ends the delivery itself.
 * They hold no values, so that a failure does not keep the delivery from being complete.
 */
async function deregister(
  deps: Delivering,
  claim: Claim,
): Promise<{ readonly definitions?: number | string }> {
  const {
    ledger: { db },
    stores,
    faults,
    log,
  } = deps;
  const { end_reason } = await db
    .selectFrom('deliveries')
    .select('end_reason')
    .where('id', '=', claim.id)
    .executeTakeFirstOrThrow();
  if (end_reason === 'run-ended' || end_reason === 'failed') return {};
  const leases = await db
    .selectFrom('delivery_leases')
    .select(['target', 'locator'])
    .where('delivery_id', '=', claim.id)
    .execute();
  const [first] = leases;
  const using = stores.usesOfSecrets;
  if (first === undefined || using === undefined) return {};
  const targets = leases.map(({ target }) => target);
  try {
    const definitions = await step(faults, 'delivery.deregister', () =>
      using.deregisterDefinitions(first.locator, targets),
    );
    return { definitions };
  } catch (error) {
    const reason = asEscrowError(error).message;
    log.warn({ delivery: claim.id, reason }, 'cannot deregister job definitions of a removed delivery');
    return { definitions: reason };
  }
}

async function subjectOf(db: Parameters<typeof unpin>[0], id: string) {
  const { workspace, run_id: run } = await db
    .selectFrom('releases')
    .select(['workspace', 'run_id'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return { workspace, release: id, run };
}
