import { randomUUID } from 'node:crypto';
import { asTag } from '../../aws/tags.ts';
import { step } from '../../system/steps.ts';
import type { Queries } from '../../ledger/open.ts';
import type { Placement, References, Store } from '../../stores/store.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import { now, write, type Engine } from '../dependencies.ts';
import type { PlannedRun } from '../plan/plan.ts';
import type { LeaseRow } from '../records/queries.ts';
import { moveLease } from '../records/states.ts';

/** In the run directory: where and as whom the secrets were placed, where that is not in the run directory itself; and whose they are. */
const ACCESS = 'access.json';
/** A lease whose run cannot be asked for this long may be removed. A live run keeps moving it on. */
export const LEASE_SECONDS = 24 * 3600;

/** One object to be placed for a run. */
export interface PlannedObject {
  readonly store: Pick<Store, 'kind' | 'place'>;
  readonly placement: Omit<Placement, 'references' | 'noteSent'>;
  readonly lease: Pick<LeaseRow, 'id' | 'run_id' | 'store' | 'target' | 'anchor' | 'expires_at'>;
}

/** What of a planned run says what is placed for it. */
export type Placeable = Pick<PlannedRun, 'environment' | 'carrier' | 'values'> & {
  readonly plan: { readonly workspace: string };
  /** Of the run directory, by name; undefined for a run that has none. */
  readonly files: Readonly<Record<string, string>> | undefined;
};

/** Makes ready what is to be placed, and names it. The run directory comes last: `armed` in it says that all is there. */
export async function prepareObjects(
  engine: Engine,
  run: string,
  { environment, carrier, values, plan: { workspace }, files: wanted }: Placeable,
): Promise<PlannedObject[]> {
  const secretsStore = engine.secretsStore(environment);
  const apart = secretsStore !== engine.runDirectories;
  const asked = [
    ...(apart && values.size > 0 ? [{ store: secretsStore, secrets: values }] : []),
    ...(wanted === undefined
      ? []
      : [{ store: engine.runDirectories, secrets: apart ? new Map<string, SecretValue>() : values }]),
  ];
  const files: Record<string, string> = { ...wanted };
  const base = { run, workspace, environment, carrier, ledger: engine.ledger.id, files };
  const expires = now(engine, LEASE_SECONDS);
  const objects: PlannedObject[] = [];
  const plan = (
    store: PlannedObject['store'],
    place: Pick<Placement, 'target' | 'anchor'>,
    secrets: Placement['secrets'],
  ): void => {
    objects.push({
      store,
      placement: { ...base, ...place, sentAt: null, secrets, expiresAt: expires },
      lease: { id: randomUUID(), run_id: run, store: store.kind, ...place, expires_at: expires },
    });
  };
  for (const { store, secrets } of asked)
    for (const [index, part] of store.divide({ ...base, secrets }).entries()) {
      const anchor = await store.prepare(part.target, environment);
      const place = { target: part.target, anchor };
      if (store !== engine.runDirectories) {
        // For the plugin, whose run directory comes last: where the secrets are, as whom they are placed, and whose they are.
        if (anchor !== null)
          files[ACCESS] = JSON.stringify({ ...(JSON.parse(anchor) as object), ...whoseAre(engine) });
        // Before its secret: so there is never one without it.
        const guard = engine.deadMan.over({ ...place, run, index: index + 1 }, environment);
        if (guard !== undefined) plan(engine.deadMan, guard, new Map());
      }
      plan(store, place, part.secrets);
    }
  return objects;
}

/** Whose the objects of this ledger's runs are, as their tags in AWS tell. */
export function whoseAre(engine: Engine): { owner: string; ledger: string } {
  return { owner: asTag(engine.user.user), ledger: asTag(engine.ledger.id) };
}

/** The rows that are there before anything is placed. */
export async function recordObjects(
  engine: Engine,
  db: Queries,
  objects: readonly PlannedObject[],
): Promise<void> {
  for (const { lease } of objects)
    await db
      .insertInto('leases')
      .values({ ...lease, state: 'intended', created_at: now(engine), tries: 0 })
      .execute();
}

/** Places them one after another, as each is given the references of those before it; gives them all. */
export async function placeObjects(engine: Engine, objects: readonly PlannedObject[]): Promise<References> {
  let references: References = new Map();
  for (const object of objects)
    references = new Map([...references, ...(await placeObject(engine, object, references))]);
  return references;
}

async function placeObject(
  engine: Engine,
  { store, placement, lease }: PlannedObject,
  references: References,
): Promise<References> {
  const noteSent = async (at: number | null): Promise<void> => {
    const sent_at = at === null ? null : new Date(at).toISOString();
    await write(engine, 'lease.note-sent', (db) =>
      db.updateTable('leases').set({ sent_at }).where('id', '=', lease.id).execute(),
    );
  };
  const own = await step(engine.faults, 'lease.place', () =>
    store.place({ ...placement, references, noteSent }),
  );
  await write(engine, 'lease.record-placed', (db) =>
    moveLease(db, lease, 'placed', { placed_at: now(engine) }),
  );
  return own;
}
