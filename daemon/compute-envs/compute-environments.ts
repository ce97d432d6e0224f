import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import type {
  ComputeEnvironment,
  ComputeEnvironmentChange,
  ComputeEnvironmentInput,
} from '../contract/types.ts';
import type { Principal } from '../access/principal.ts';
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/open.ts';
import type { Tables } from '../ledger/tables.ts';

type Platform = ComputeEnvironment['platform'];
type CommonKey = 'name' | 'platform' | 'runsDirectory' | 'isDefault' | 'executor' | 'headJob' | 'headOptions';

/** The settings that only some platforms have. */
export type PlatformSettings = Omit<ComputeEnvironmentInput, CommonKey>;

/** Which settings a platform takes, and what they must fulfil. */
export interface PlatformRules {
  /** The property that holds them, which is then required; null: the platform has none. */
  readonly settings: keyof PlatformSettings | null;
  /** Throws `compute-environment-invalid`. Asks nobody. */
  readonly assertValid?: (settings: PlatformSettings) => void;
}

/** The rules of each platform: stores/registry.ts. */
export type AllPlatformRules = Readonly<Record<Platform, PlatformRules>>;

export async function listComputeEnvironments(db: Queries): Promise<ComputeEnvironment[]> {
  return (await db.selectFrom('compute_environments').selectAll().orderBy('name').execute()).map(describe);
}

/** The one of that name; the default one where none is named. Throws `compute-environment-not-found`. */
export async function findComputeEnvironment(
  db: Queries,
  name: string | undefined,
): Promise<ComputeEnvironment> {
  const all = await listComputeEnvironments(db);
  const found = all.find((one) => (name === undefined ? one.isDefault : one.name === name));
  if (found !== undefined) return found;
  const what = name === undefined ? 'No compute environment is the default one' : `There is no "${name}"`;
  throw new EscrowError('compute-environment-not-found', `${what}.`);
}

/** Throws `name-taken`, `request-invalid`, `compute-environment-invalid`. */
export async function createComputeEnvironment(
  ledger: Ledger,
  rules: AllPlatformRules,
  by: Principal,
  { name, platform, runsDirectory = null, isDefault = false, ...settings }: ComputeEnvironmentInput,
): Promise<ComputeEnvironment> {
  assertSettings(rules, platform, settings);
  await ledger.write(async (db) => {
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
      throw new EscrowError('name-taken', `There is a compute environment "${name}" already.`);
    if (isDefault) await makeDefault(db, name);
    await record(db, { type: 'compute-environment.created', by: by.user, data: { name, platform } });
  });
  return findComputeEnvironment(ledger.db, name);
}

/** Throws `compute-environment-not-found`, `request-invalid`, `compute-environment-invalid`. Live runs are not moved. */
export async function changeComputeEnvironment(
  ledger: Ledger,
  rules: AllPlatformRules,
  by: Principal,
  name: string,
  { runsDirectory, isDefault, ...change }: ComputeEnvironmentChange,
): Promise<ComputeEnvironment> {
  await ledger.write(async (db) => {
    const { platform } = await findComputeEnvironment(db, name);
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
    const data = { name, runsDirectory, isDefault, ...change };
    await record(db, { type: 'compute-environment.changed', by: by.user, data });
  });
  return findComputeEnvironment(ledger.db, name);
}

/** Throws `compute-environment-not-found`, or `in-use` for the default one and while a run of it is not purged. */
export async function removeComputeEnvironment(ledger: Ledger, by: Principal, name: string): Promise<void> {
  await ledger.write(async (db) => {
    const { isDefault } = await findComputeEnvironment(db, name);
    if (isDefault)
      throw new EscrowError('in-use', `"${name}" is the default compute environment.`, {
        hint: 'Make another one the default: nf-escrow compute-envs update NAME --default',
      });
    const run = await db
      .selectFrom('runs')
      .select('id')
      .where('compute_environment', '=', name)
      .where('state', '!=', 'purged')
      .executeTakeFirst();
    if (run !== undefined) throw new EscrowError('in-use', `Run ${run.id} of "${name}" is not purged yet.`);
    await db.deleteFrom('compute_environments').where('name', '=', name).execute();
    await record(db, { type: 'compute-environment.removed', by: by.user, data: { name } });
  });
}

/** Throws `request-invalid`, `compute-environment-invalid`. */
function assertSettings(rules: AllPlatformRules, platform: Platform, settings: PlatformSettings): void {
  const { settings: own, assertValid } = rules[platform];
  if (own !== null && settings[own] === undefined)
    throw new EscrowError('request-invalid', `Platform ${platform} requires the property "${own}".`);
  for (const [name, { settings: key }] of Object.entries(rules))
    if (key !== null && key !== own && settings[key] !== undefined)
      throw new EscrowError(
        'request-invalid',
        `The property "${key}" is for platform ${name}, not ${platform}.`,
      );
  assertValid?.(settings);
}

async function makeDefault(db: Queries, name: string): Promise<void> {
  await db.updateTable('compute_environments').set({ is_default: 0 }).where('is_default', '=', 1).execute();
  await db.updateTable('compute_environments').set({ is_default: 1 }).where('name', '=', name).execute();
}

/** What is stored as JSON: everything that only some platforms have. */
type Settings = PlatformSettings & Pick<ComputeEnvironment, 'executor' | 'headJob' | 'headOptions'>;

function describe(row: Selectable<Tables['compute_environments']>): ComputeEnvironment {
  return {
    ...(JSON.parse(row.settings) as Settings),
    name: row.name,
    platform: row.platform,
    runsDirectory: row.runs_directory,
    isDefault: row.is_default === 1,
    dateCreated: row.created_at,
    lastUpdated: row.updated_at,
  };
}
