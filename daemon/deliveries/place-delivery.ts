import { randomUUID } from 'node:crypto';
import type { ComputeEnvironment, Delivery, DeliveryRequest, SecretDelivery } from '../contract/types.ts';
import { asEscrowError, EscrowError } from '../errors.ts';
import type { Claim } from '../ledger/postgres/claims.ts';
import type { PinnedVersion } from '../releases/pinned-versions.ts';
import type { Bundle, ObjectStore, Placement, References } from '../stores/store.ts';
import { step } from '../system/steps.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import { leaseTimes, timeIn, type Delivering } from './delivering.ts';
import { explainToLauncher } from './explain-to-launcher.ts';

/** A recorded delivery whose objects are to be created. */
interface NewDelivery {
  readonly request: DeliveryRequest;
  readonly pinned: readonly PinnedVersion[];
  readonly environment: ComputeEnvironment;
}

/** An object of a delivery, with its lease. */
interface PlannedObject extends Bundle {
  readonly lease: string;
  readonly locator: string;
}

/** Tasks get references, so that the store does not depend on how Nextflow gets values. */
const REFERENCES: SecretDelivery = {
  ...{ plugin: null, reason: null, configPhase: false, environment: {}, restore: {} },
};

/**
 * Creates the objects of a delivery that this process has claimed: each lease is in the ledger before its object is requested. After a
 * failure, the objects are removed in the background. Releases the claim. Throws `claim-lost`, `store-unavailable`, `aws-*`, and errors of
 * the vault's key.
 */
export async function placeDelivery(deps: Delivering, claim: Claim, wanted: NewDelivery): Promise<Delivery> {
  try {
    const delivery = await place(deps, claim, wanted);
    await step(deps.faults, 'work.finish', () => deps.claims.release(claim));
    return delivery;
  } catch (error) {
    await fail(deps, claim, error);
    throw explainToLauncher(error);
  }
}

async function place(
  deps: Delivering,
  claim: Claim,
  { request, pinned, environment }: NewDelivery,
): Promise<Delivery> {
  const objects = objectsOf(deps);
  const { values, undeliverable } = await openValues(deps, pinned);
  const { run, workspace } = request;
  const base = { run, workspace, environment, secretDelivery: REFERENCES };
  const bundles = values.size === 0 ? [] : objects.split({ ...base, secrets: values });
  const planned = await planObjects(deps, objects, bundles, environment);
  await recordPlanned(deps, claim, objects.kind, planned);
  const { lease } = deps.times ?? leaseTimes;
  const expiresAt = timeIn(deps.ledger, lease);
  let references: References = new Map();
  for (const { target, locator, secrets, lease: id } of planned) {
    const noteSent = noteFor(deps, claim, id);
    const placement = { ...base, target, locator, secrets, sentAt: null, expiresAt, noteSent };
    const placed = await step(deps.faults, 'delivery.place', () =>
      objects.place({ ...placement, ledger: deps.ledger.id }),
    );
    await recordPlaced(deps, claim, id);
    references = new Map([...references, ...placed]);
  }
  const delivery: Delivery = {
    ...{ id: claim.id, run, workspace, computeEnvironment: environment.name },
    references: [...references].sort().map(([name, valueFrom]) => ({ name, valueFrom })),
    undeliverable: [...undeliverable].sort().map(([name, reason]) => ({ name, reason })),
    expires: expiresAt,
  };
  await complete(deps, claim, delivery);
  return delivery;
}

function objectsOf({ stores }: Delivering): ObjectStore {
  const { objects } = stores.secrets;
  if (objects !== undefined) return objects;
  throw new EscrowError('internal', 'The store of a server has no objects.');
}

async function openValues({ vault, stores }: Delivering, pinned: readonly PinnedVersion[]) {
  const opened = await vault.openAll(pinned);
  const values = new Map<string, SecretValue>();
  for (const [index, { name }] of pinned.entries()) {
    const value = opened[index];
    if (value !== undefined) values.set(name, value);
  }
  const undeliverable = stores.secrets.findUndeliverable(values, REFERENCES);
  for (const name of undeliverable.keys()) values.delete(name);
  return { values, undeliverable };
}

async function planObjects(
  { faults }: Delivering,
  objects: ObjectStore,
  bundles: readonly Bundle[],
  environment: ComputeEnvironment,
): Promise<PlannedObject[]> {
  const planned: PlannedObject[] = [];
  for (const bundle of bundles) {
    const locator = await step(faults, 'delivery.prepare', () => objects.prepare(bundle.target, environment));
    planned.push({ ...bundle, locator, lease: randomUUID() });
  }
  return planned;
}

async function recordPlanned(
  { ledger, claims, faults }: Delivering,
  claim: Claim,
  store: string,
  planned: readonly PlannedObject[],
): Promise<void> {
  if (planned.length === 0) return;
  const rows = planned.map(({ lease: id, target, locator }) => ({
    ...{ id, delivery_id: claim.id, store, target, locator },
    ...{ state: 'intended' as const, created_at: timeIn(ledger) },
  }));
  await step(faults, 'delivery.intend', () =>
    claims.write(claim, async (db) => {
      // After its end, nothing would remove the leases. The claim has locked the row.
      const { state } = await db
        .selectFrom('deliveries')
        .select('state')
        .where('id', '=', claim.id)
        .executeTakeFirstOrThrow();
      if (state !== 'placing') throw hasEnded();
      await db.insertInto('delivery_leases').values(rows).execute();
    }),
  );
}

function hasEnded(): EscrowError {
  return new EscrowError('state-conflict', 'Cannot deliver the secrets: the delivery has ended.');
}

/** Records the send time of a request. Fails if another replica has the delivery now, or its end was requested: nothing is sent then. */
function noteFor({ claims, faults }: Delivering, claim: Claim, id: string): Placement['noteSent'] {
  return async (at) => {
    const sent_at = at === null ? null : new Date(at).toISOString();
    const { numUpdatedRows } = await step(faults, 'delivery.note-sent', () =>
      claims.write(claim, (db) =>
        db
          .updateTable('delivery_leases')
          .set({ sent_at })
          .where('id', '=', id)
          .where('state', '=', 'intended')
          .where('delivery_id', 'in', (eb) =>
            eb
              .selectFrom('deliveries')
              .select('id')
              .where('id', '=', claim.id)
              .where('state', '=', 'placing'),
          )
          .executeTakeFirst(),
      ),
    );
    // Nothing would remove an object that is created now.
    if (at !== null && numUpdatedRows !== 1n) throw hasEnded();
  };
}

async function recordPlaced({ ledger, claims, faults }: Delivering, claim: Claim, id: string): Promise<void> {
  await step(faults, 'delivery.record-placed', () =>
    claims.write(claim, (db) =>
      db
        .updateTable('delivery_leases')
        .set({ state: 'placed', placed_at: timeIn(ledger) })
        .where('id', '=', id)
        .where('state', '=', 'intended')
        .execute(),
    ),
  );
}

async function complete(
  { ledger, claims, faults, times = leaseTimes }: Delivering,
  claim: Claim,
  delivery: Delivery,
): Promise<void> {
  const { numUpdatedRows } = await step(faults, 'delivery.complete', () =>
    claims.write(claim, (db) =>
      db
        .updateTable('deliveries')
        .set({
          ...{ state: 'placed', reply: JSON.stringify(delivery), expires_at: delivery.expires },
          next_at: timeIn(ledger, Math.min(times.renewal, times.lease)),
        })
        .where('id', '=', claim.id)
        .where('state', '=', 'placing')
        .executeTakeFirst(),
    ),
  );
  if (numUpdatedRows === 1n) return;
  throw new EscrowError(
    'state-conflict',
    `Cannot deliver secrets to run ${delivery.run}: its delivery has ended in the meantime.`,
  );
}

/** Another replica removes the objects if this one cannot record the failure, because the claim ends. */
async function fail(
  { ledger, claims, faults, log, wake }: Delivering,
  claim: Claim,
  error: unknown,
): Promise<void> {
  const { code, message } = asEscrowError(error);
  try {
    await step(faults, 'delivery.fail', () =>
      claims.write(claim, (db) =>
        db
          .updateTable('deliveries')
          .set({ state: 'removing', end_reason: 'failed', next_at: timeIn(ledger) })
          .where('id', '=', claim.id)
          .where('state', '=', 'placing')
          .execute(),
      ),
    );
    await step(faults, 'work.finish', () => claims.release(claim));
    wake();
  } catch (lost) {
    // Otherwise it expires.
    await step(faults, 'work.finish', () => claims.release(claim)).catch(() => undefined);
    log.warn(
      { delivery: claim.id, code, reason: message, why: asEscrowError(lost).message },
      'cannot record a failed delivery; a replica removes it',
    );
  }
}
