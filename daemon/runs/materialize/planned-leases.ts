import { randomUUID } from 'node:crypto';
import { asTag } from '../../aws/tags.ts';
import { EscrowError } from '../../errors.ts';
import { step } from '../../system/steps.ts';
import type { Queries } from '../../ledger/open.ts';
import type { Placement, References, SecretsStore } from '../../stores/store.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';
import type { PlannedRun } from '../plan/plan.ts';
import type { LeaseRow } from '../records/queries.ts';
import { moveLease } from '../records/states.ts';

/** In the run directory: where and as whom the secrets were placed, where that is not in the run directory itself; and whose they are. */
const ACCESS = 'access.json';
/** A lease whose run cannot be asked for this long may be removed. A live run keeps moving it on. */
export const LEASE_SECONDS = 24 * 3600;

/** One object to be placed for a run. */
export interface PlannedLease {
  readonly store: Pick<SecretsStore, 'kind' | 'place'>;
  readonly placement: Omit<Placement, 'references' | 'noteSent'>;
  readonly lease: Pick<LeaseRow, 'id' | 'run_id' | 'store' | 'target' | 'locator' | 'expires_at'>;
}

/** What of a planned run says what is placed for it. */
export type PlaceableRun = Pick<PlannedRun, 'environment' | 'secretDelivery' | 'values'> & {
  readonly plan: { readonly workspace: string };
  /** Of the run directory, by name; undefined for a run that has none. */
  readonly files: Readonly<Record<string, string>> | undefined;
};

/** Makes ready what is to be placed, and names it. The run directory comes last: `armed` in it says that all is there. */
export async function prepareLeases(
  deps: RunDependencies,
  run: string,
  { environment, secretDelivery, values, plan: { workspace }, files: wanted }: PlaceableRun,
): Promise<PlannedLease[]> {
  const secretsStore = deps.secretsStore(environment);
  const apart = secretsStore !== deps.runDirectories;
  const asked = [
    ...(apart && values.size > 0 ? [{ store: secretsStore, secrets: values }] : []),
    ...(wanted === undefined
      ? []
      : [{ store: deps.runDirectories, secrets: apart ? new Map<string, SecretValue>() : values }]),
  ];
  const files: Record<string, string> = { ...wanted };
  const base = { run, workspace, environment, secretDelivery, ledger: deps.ledger.id, files };
  const expires = now(deps, LEASE_SECONDS);
  const objects: PlannedLease[] = [];
  const plan = (
    store: PlannedLease['store'],
    place: Pick<Placement, 'target' | 'locator'>,
    secrets: Placement['secrets'],
  ): void => {
    objects.push({
      store,
      placement: { ...base, ...place, sentAt: null, secrets, expiresAt: expires },
      lease: { id: randomUUID(), run_id: run, store: store.kind, ...place, expires_at: expires },
    });
  };
  for (const { store, secrets } of asked)
    for (const [index, part] of store.split({ ...base, secrets }).entries()) {
      const locator = await store.prepare(part.target, environment);
      const place = { target: part.target, locator };
      if (store !== deps.runDirectories) {
        // For the plugin, whose run directory comes last: where the secrets are, as whom they are placed, and whose they are.
        if (locator !== null)
          files[ACCESS] = JSON.stringify({ ...(JSON.parse(locator) as object), ...ownershipTags(deps) });
        // Before its secret: so there is never one without it.
        const guard = deps.deadMan.switchFor({ ...place, run, index: index + 1 }, environment);
        if (guard !== undefined) plan(deps.deadMan, guard, new Map());
      }
      plan(store, place, part.secrets);
    }
  return objects;
}

/** Whose the objects of this ledger's runs are, as their tags in AWS tell. */
export function ownershipTags(deps: RunDependencies): { owner: string; ledger: string } {
  return { owner: asTag(deps.user.user), ledger: asTag(deps.ledger.id) };
}

/** The rows that are there before anything is placed. */
export async function recordLeases(
  deps: RunDependencies,
  db: Queries,
  objects: readonly PlannedLease[],
): Promise<void> {
  for (const { lease } of objects)
    await db
      .insertInto('leases')
      .values({ ...lease, state: 'intended', created_at: now(deps), attempts: 0 })
      .execute();
}

/** Places them one after another, as each is given the references of those before it; gives them all. */
export async function placeLeases(
  deps: RunDependencies,
  objects: readonly PlannedLease[],
): Promise<References> {
  let references: References = new Map();
  for (const object of objects)
    references = new Map([...references, ...(await placeLease(deps, object, references))]);
  return references;
}

async function placeLease(
  deps: RunDependencies,
  { store, placement, lease }: PlannedLease,
  references: References,
): Promise<References> {
  const noteSent = async (at: number | null): Promise<void> => {
    const sent_at = at === null ? null : new Date(at).toISOString();
    const { numUpdatedRows } = await write(deps, 'lease.note-sent', (db) =>
      db
        .updateTable('leases')
        .set({ sent_at })
        .where('id', '=', lease.id)
        .where('state', '=', 'intended')
        .executeTakeFirst(),
    );
    // Its removal has begun, or is over: whatever would be made now, nobody would look for.
    if (at !== null && numUpdatedRows !== 1n)
      throw new EscrowError(
        'state-conflict',
        `Cannot place ${lease.target}: its run was ended meanwhile, and its removal has begun.`,
      );
  };
  const own = await step(deps.faults, 'lease.place', () =>
    store.place({ ...placement, references, noteSent }),
  );
  await write(deps, 'lease.record-placed', (db) => moveLease(db, lease, 'placed', { placed_at: now(deps) }));
  return own;
}
