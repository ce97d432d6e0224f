import type { Principal } from '../access/principal.ts';
import type { Delivery, DeliveryRequest } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { countRelease } from '../releases/count-release.ts';
import { recordUse } from '../releases/insert-release.ts';
import { byName } from '../releases/payload.ts';
import { step } from '../system/steps.ts';
import { poll } from '../system/time/retry.ts';
import { systemClock } from '../system/time/clock.ts';
import type { Delivering } from './delivering.ts';
import { placeDelivery } from './place-delivery.ts';
import { conflict, recordDelivery } from './record-delivery.ts';

const EXPIRY_MAX_MS = 24 * 3_600_000;
/** How long a repeated request waits for the first one. */
const WAIT_MS = 20_000;
const PAUSES = { first: 100, longest: 1000 };

/**
 * Delivers secrets of a workspace to one run of a principal: creates the objects with the identity of the server and returns references
 * to them. No value is returned. A repeated request gets the same references, and creates nothing. If an object cannot be created, those
 * that were are removed.
 *
 * Throws the errors of `authorize`, `limit-exceeded`, `compute-environment-not-found`, `compute-environment-invalid`, `secret-not-found`,
 * `secret-changed`, `release-conflict`, `request-unprocessable`, `store-unavailable`, `aws-*`, errors of the vault's key.
 */
export async function createDelivery(
  deps: Delivering,
  by: Principal,
  request: DeliveryRequest,
): Promise<{ readonly delivery: Delivery; readonly isNew: boolean }> {
  const { ledger, limits, faults, claims } = deps;
  const secrets = [...request.secrets].sort(byName);
  assertRequest(request, secrets, ledger.clock.now());
  if (limits !== undefined) await countRelease(ledger, limits, by, request);
  const { id, isNew, pinned, environment } = await step(faults, 'delivery.commit', () =>
    ledger.write((db) => recordDelivery(deps, db, by, request, secrets)),
  );
  if (!isNew) return { delivery: await awaitDelivery(deps, id, request), isNew };
  const [claim] = await step(faults, 'work.claim', () => claims.take({ id }, 1));
  if (claim === undefined) throw conflict(request, 'was interrupted');
  await step(faults, 'release.record-use', () =>
    recordUse(ledger.db, { run: request.run, now: ledger.clock.now() }, pinned),
  );
  return { delivery: await placeDelivery(deps, claim, { request, pinned, environment }), isNew };
}

function assertRequest(
  { expires }: DeliveryRequest,
  secrets: readonly { name: string }[],
  now: number,
): void {
  const time = Date.parse(expires);
  if (!(time > now && time <= now + EXPIRY_MAX_MS))
    throw unprocessable('"expires" is not within the next 24 hours');
  const twice = secrets.find(({ name }, index) => secrets[index + 1]?.name === name);
  if (twice !== undefined) throw unprocessable(`${twice.name} is requested twice`);
}

function unprocessable(why: string): EscrowError {
  return new EscrowError('request-unprocessable', `Cannot deliver secrets: ${why}.`);
}

/** Returns what an earlier request has delivered, as soon as it has. */
async function awaitDelivery(
  { ledger: { db } }: Delivering,
  id: string,
  request: DeliveryRequest,
): Promise<Delivery> {
  const read = () =>
    db.selectFrom('deliveries').select(['state', 'reply']).where('id', '=', id).executeTakeFirstOrThrow();
  const { state, reply } = await poll(read, (row) => row.state !== 'placing', {
    ...{ pauses: PAUSES, forMs: WAIT_MS, clock: systemClock },
  });
  if (state === 'placed' && reply !== null) return JSON.parse(reply) as Delivery;
  if (state === 'placing')
    throw new EscrowError(
      'store-unavailable',
      `Cannot deliver secrets to run ${request.run} yet: an earlier request for it is in progress.`,
    );
  throw conflict(request, 'has ended, or its secrets could not be created');
}
