import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import type {
  ComputeEnvironment,
  ComputeEnvironmentChange,
  ComputeEnvironmentInput,
} from '../contract/types.ts';
import type { Principal } from '../access/principal.ts';
import { assertPrecondition, entityTag, type Precondition } from '../contract/entity-tag.ts';
import { notFoundError } from '../contract/not-found.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../contract/page.ts';
import { EscrowError } from '../errors.ts';
import { rememberNothing, type Remember } from '../ledger/idempotency.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';

type Platform = ComputeEnvironment['platform'];
type CommonKey =
  | 'name'
  | 'platform'
  | 'runsDirectory'
  | 'isDefault'
  | 'executor'
  | 'headJob'
  | 'headOptions'
  | 'environment';

/** The settings that only some platforms have. */
export type PlatformSettings = Omit<ComputeEnvironmentInput, CommonKey>;

/** The settings that a platform accepts, and their validation. */
export interface PlatformRules {
  /** The required property that contains the platform's settings, or null if the platform has none. */
  readonly settings: keyof PlatformSettings | null;
  /** Variables that locate the platform's configuration. `daemon install` copies them for systemd and cron. */
  readonly variables?: readonly string[];
  /** The oldest Nextflow, as year and month, that delivers secrets there. If set, runs also require nf-escrow's plugins. */
  readonly oldestNextflow?: readonly [year: number, month: number];
  /** Validates the settings without contacting the platform. Throws `compute-environment-invalid`. */
  readonly assertValid?: (settings: PlatformSettings) => void;
}

const COLLECTION = 'compute environments';

/** The rules of each platform, collected in stores/registry.ts. */
export type AllPlatformRules = Readonly<Record<Platform, PlatformRules>>;

/** Lists compute environments by name. */
export async function listComputeEnvironments(db: Queries): Promise<ComputeEnvironment[]> {
  return (await db.selectFrom('compute_environments').selectAll().orderBy('name').execute()).map(describe);
}

/** Lists a page of compute environments by name. Throws `cursor-invalid`. */
export async function pageOfComputeEnvironments(
  db: Queries,
  { limit, cursor }: PageRequest,
): Promise<Page<ComputeEnvironment>> {
  const [after] = readCursor(COLLECTION, cursor, ['string']) ?? [];
  let query = db.selectFrom('compute_environments').selectAll();
  if (after !== undefined) query = query.where('name', '>', after);
  const rows = await query
    .orderBy('name')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ name }) => [name]);
  return { items: items.map(describe), ...next };
}

/** Finds a compute environment by name, or the default one without a name. Throws `compute-environment-not-found`. */
export async function findComputeEnvironment(
  db: Queries,
  name: string | undefined,
): Promise<ComputeEnvironment> {
  const all = await listComputeEnvironments(db);
  const found = all.find((one) => (name === undefined ? one.isDefault : one.name === name));
  if (found !== undefined) return found;
  if (name === undefined)
    throw new EscrowError('compute-environment-not-found', 'There is no default compute environment.', {
      hint: 'Set one with `nf-escrow compute-envs update NAME --default`.',
    });
  throw notFoundError('compute-environment-not-found', `There is no compute environment "${name}".`, {
    name,
    among: all.map((one) => one.name),
  });
}

/** Creates a compute environment. Throws `name-taken`, `request-invalid`, `compute-environment-invalid`. */
export async function createComputeEnvironment(
  ledger: Ledger,
  rules: AllPlatformRules,
  by: Principal,
  { name, platform, runsDirectory = null, isDefault = false, ...settings }: ComputeEnvironmentInput,
  remember: Remember = rememberNothing,
): Promise<ComputeEnvironment> {
  assertSettings(rules, platform, settings);
  return ledger.write(async (db) => {
    const now = new Date().toISOString();
    const inserted = await db
      .insertInto('compute_environments')
      .values({
        id: randomUUID(),
        name,
        platform,
        runs_directory: runsDirectory,
        is_default: 0,
        settings: JSON.stringify(settings),
        created_at: now,
        updated_at: now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError(
        'name-taken',
        `Cannot create the compute environment "${name}": it already exists.`,
      );
    if (isDefault) await makeDefault(db, name);
    await record(db, { type: 'compute-environment.created', by: by.user, data: { name, platform } });
    const created = await findComputeEnvironment(db, name);
    await remember(db, created);
    return created;
  });
}

/**
 * Changes settings of a compute environment. The delivered objects of live runs stay where they are. Throws
 * `compute-environment-not-found`, `request-invalid`, `compute-environment-invalid`, `precondition-failed`.
 */
export async function changeComputeEnvironment(
  ledger: Ledger,
  rules: AllPlatformRules,
  by: Principal,
  name: string,
  { runsDirectory, isDefault, ...change }: ComputeEnvironmentChange,
  precondition: Precondition = {},
): Promise<ComputeEnvironment> {
  return ledger.write(async (db) => {
    const { platform, etag } = await findComputeEnvironment(db, name);
    assertPrecondition(precondition, etag, `the compute environment "${name}"`);
    const { settings } = await db
      .selectFrom('compute_environments')
      .select('settings')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    const changed = { ...(JSON.parse(settings) as Settings), ...change };
    assertSettings(rules, platform, changed);
    await db
      .updateTable('compute_environments')
      .set({
        updated_at: new Date().toISOString(),
        ...(runsDirectory === undefined ? {} : { runs_directory: runsDirectory }),
        settings: JSON.stringify(changed),
      })
      .where('name', '=', name)
      .execute();
    if (isDefault === true) await makeDefault(db, name);
    // The audit log keeps the names of variables only: a person may have entered a credential by mistake.
    const variables =
      change.environment === undefined ? {} : { environment: Object.keys(change.environment) };
    const data = { name, runsDirectory, isDefault, ...change, ...variables };
    await record(db, { type: 'compute-environment.changed', by: by.user, data });
    return findComputeEnvironment(db, name);
  });
}

/**
 * Removes a compute environment. Throws `compute-environment-not-found`, `precondition-failed`, and `in-use` for the
 * default one or if a run that uses it is not purged.
 */
export async function removeComputeEnvironment(
  ledger: Ledger,
  by: Principal,
  name: string,
  precondition: Precondition = {},
): Promise<void> {
  await ledger.write(async (db) => {
    const { isDefault, etag } = await findComputeEnvironment(db, name);
    assertPrecondition(precondition, etag, `the compute environment "${name}"`);
    if (isDefault)
      throw new EscrowError('in-use', `Cannot remove the compute environment "${name}": it is the default.`, {
        hint: 'Set another default first: nf-escrow compute-envs update NAME --default',
      });
    const run = await db
      .selectFrom('runs')
      .select('id')
      .where('compute_environment', '=', name)
      .where('state', '!=', 'purged')
      .executeTakeFirst();
    if (run !== undefined)
      throw new EscrowError(
        'in-use',
        `Cannot remove the compute environment "${name}": run ${run.id} is not purged yet.`,
        { hint: `Wait until the run is purged. \`nf-escrow runs show ${run.id}\` shows its state.` },
      );
    await db.deleteFrom('compute_environments').where('name', '=', name).execute();
    await record(db, { type: 'compute-environment.removed', by: by.user, data: { name } });
  });
}

/** Validates the settings for a platform. Throws `compute-environment-invalid`. */
function assertSettings(rules: AllPlatformRules, platform: Platform, settings: PlatformSettings): void {
  const { settings: own, assertValid } = rules[platform];
  if (own !== null && settings[own] === undefined)
    throw new EscrowError(
      'compute-environment-invalid',
      `Platform ${platform} requires the property "${own}".`,
    );
  for (const [name, { settings: key }] of Object.entries(rules))
    if (key !== null && key !== own && settings[key] !== undefined)
      throw new EscrowError(
        'compute-environment-invalid',
        `The property "${key}" belongs to platform ${name}, not ${platform}.`,
      );
  assertValid?.(settings);
}

async function makeDefault(db: Queries, name: string): Promise<void> {
  await db.updateTable('compute_environments').set({ is_default: 0 }).where('is_default', '=', 1).execute();
  await db.updateTable('compute_environments').set({ is_default: 1 }).where('name', '=', name).execute();
}

/** The settings that are stored as JSON, because not all platforms have them. */
type Settings = PlatformSettings &
  Pick<ComputeEnvironment, 'executor' | 'headJob' | 'headOptions' | 'environment'>;

function describe(row: Selectable<Tables['compute_environments']>): ComputeEnvironment {
  return {
    ...(JSON.parse(row.settings) as Settings),
    name: row.name,
    platform: row.platform,
    runsDirectory: row.runs_directory,
    isDefault: row.is_default === 1,
    dateCreated: row.created_at,
    lastUpdated: row.updated_at,
    etag: entityTag(row.id, row.runs_directory, row.is_default, row.settings, row.updated_at),
  };
}
