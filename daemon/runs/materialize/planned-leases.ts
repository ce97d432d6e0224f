import { randomUUID } from 'node:crypto';
import type { ComputeEnvironment, SecretDelivery } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { PluginNotes } from '../../run-directory/create.ts';
import { HELD_BY_SERVER } from '../../releases/held-by-server.ts';
import { heldTarget } from '../../sources/held-deliveries.ts';
import type { HeldRequest } from '../../sources/request-delivery.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { LeaseLocation, Ownership, Placement, References } from '../../stores/store.ts';
import { step } from '../../system/steps.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';
import type { HeldEnvironment } from '../plan/plan-environment.ts';
import type { LeaseRow } from '../records/queries.ts';
import { moveLease } from '../records/states.ts';

/** Duration of a lease in seconds. A live run keeps renewing its leases. */
export const LEASE_SECONDS = 24 * 3600;

/** An object that will be created for a run, with its lease. */
export interface PlannedLease {
  readonly lease: Pick<LeaseRow, 'id' | 'run_id' | 'store' | 'target' | 'locator' | 'expires_at'>;
  /** Creates the object. `references` are those of the objects that were created before it. */
  readonly place: (references: References, noteSent: Placement['noteSent']) => Promise<PlacedObject>;
}

/** Result of the creation of an object. */
interface PlacedObject {
  readonly references: References;
  /** Data that the store needs later. */
  readonly record?: string;
}

/** Input that determines the objects of a run. */
export interface PlaceableRun {
  /** ORGANIZATION/NAME */
  readonly workspace: string;
  readonly environment: ComputeEnvironment;
  readonly secretDelivery: SecretDelivery;
  readonly values: ReadonlyMap<string, SecretValue>;
  readonly notes?: PluginNotes;
  /** Further files of the run directory, by name. Undefined for a run without a run directory. */
  readonly files: Readonly<Record<string, string>> | undefined;
  readonly exitToken?: string;
  /** What a team server delivers itself; undefined: this daemon delivers `values`. */
  readonly held?: HeldLease | undefined;
}

/** The secrets of a run that a team server delivers in one of its compute environments. */
interface HeldLease extends HeldEnvironment, Pick<HeldRequest, 'secrets'> {
  /** Called with why the platform cannot carry further secrets, by name, before the run directory is created. Throws if the run needs them. */
  readonly noteUndeliverable: (reasons: ReadonlyMap<string, string>) => void;
}

/**
 * Prepares and names every object of a run, in the order of their creation. The run directory comes last: its `armed` file
 * tells that everything else exists.
 */
export async function prepareLeases(
  deps: RunDependencies,
  run: string,
  { environment, secretDelivery, values, workspace, exitToken, notes, files: wanted, held }: PlaceableRun,
): Promise<PlannedLease[]> {
  const { objects } = deps.platformOf(environment).secrets;
  const base = { run, workspace, environment, secretDelivery, ledger: deps.ledger.id };
  const expiresAt = now(deps, LEASE_SECONDS);
  const planned: PlannedLease[] = [];
  const plan = (
    store: string,
    { target, locator }: Pick<LeaseLocation, 'target' | 'locator'>,
    place: PlannedLease['place'],
  ): void => {
    const lease = { id: randomUUID(), run_id: run, store, target, locator, expires_at: expiresAt };
    planned.push({ lease, place });
  };
  const files: Record<string, string> = { ...wanted };
  if (objects !== undefined && held !== undefined && held.secrets.length > 0) {
    const locator = objects.heldLocator(environment, held.workspace.server.url);
    Object.assign(files, objects.runDirectoryFiles(locator, ownershipOf(deps)));
    const target = heldTarget(held.workspace.server.url, run);
    plan(HELD_BY_SERVER, { target, locator }, async (_references, noteSent) => {
      const { workspace: remote, name, secrets } = held;
      const request = { run, computeEnvironment: name, secrets, noteSent };
      const { references, undeliverable } = await step(deps.faults, 'lease.place', () =>
        deps.servers.deliver(remote, request),
      );
      held.noteUndeliverable(new Map(undeliverable.map((one) => [one.name, one.reason])));
      return { references: new Map(references.map((one) => [one.name, one.valueFrom])) };
    });
  }
  if (objects !== undefined && values.size > 0)
    for (const [index, { target, secrets }] of objects.split({ ...base, secrets: values }).entries()) {
      const locator = await objects.prepare(target, environment);
      const location = { target, locator, sentAt: null, expiresAt };
      Object.assign(files, objects.runDirectoryFiles(locator, ownershipOf(deps)));
      // The dead man's switch is created before its secret, so that the secret never exists without it.
      const guard = objects.guard?.switchFor({ target, locator, run, index: index + 1 }, environment);
      if (objects.guard !== undefined && guard !== undefined) {
        const { guard: switches } = objects;
        plan(switches.kind, guard, async (_references, noteSent) => ({
          references: await step(deps.faults, 'lease.place', () =>
            switches.place({ ...guard, expiresAt, noteSent }),
          ),
        }));
      }
      plan(objects.kind, location, async (_references, noteSent) => ({
        references: await step(deps.faults, 'lease.place', () =>
          objects.place({ ...base, ...location, secrets, noteSent }),
        ),
      }));
    }
  if (wanted !== undefined) {
    const target = deps.runDirectories.locate(run, environment);
    const locator = await deps.runDirectories.prepare(target);
    const secrets = objects === undefined ? values : new Map<string, SecretValue>();
    plan(deps.runDirectories.kind, { target, locator }, async (references) => {
      const contents = { ...base, secrets, references, expiresAt, files, exitToken, notes };
      const record = await step(deps.faults, 'lease.place', () =>
        deps.runDirectories.create(target, contents, locator),
      );
      return { references: new Map(), record };
    });
  }
  return planned;
}

/** Returns the owner and the ledger id that mark the objects of this ledger's runs. */
export function ownershipOf(deps: RunDependencies): Ownership {
  return { owner: deps.user.user, ledger: deps.ledger.id };
}

/** Records the leases before anything is created. */
export async function recordLeases(
  deps: RunDependencies,
  db: Queries,
  planned: readonly PlannedLease[],
): Promise<void> {
  for (const { lease } of planned)
    await db
      .insertInto('leases')
      .values({ ...lease, state: 'intended', created_at: now(deps), attempts: 0 })
      .execute();
}

/** Creates the objects in sequence, because an object may need references of earlier ones. Returns all references. */
export async function placeLeases(
  deps: RunDependencies,
  planned: readonly PlannedLease[],
): Promise<References> {
  let references: References = new Map();
  for (const lease of planned)
    references = new Map([...references, ...(await placeLease(deps, lease, references))]);
  return references;
}

async function placeLease(
  deps: RunDependencies,
  { lease, place }: PlannedLease,
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
    // Its removal has begun or is complete. Nothing would remove an object that is created now.
    if (at !== null && numUpdatedRows !== 1n)
      throw new EscrowError(
        'state-conflict',
        `Cannot place ${lease.target}: its run has ended and the removal of its secrets has begun.`,
      );
  };
  const own = await place(references, noteSent);
  const change = { placed_at: now(deps), record: own.record ?? null };
  await write(deps, 'lease.record-placed', (db) => moveLease(db, lease, 'placed', change));
  return own.references;
}
