import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import { assertFitsTogether } from './aws-batch-settings.ts';
import type {
  AwsSettings,
  ComputeEnvironment,
  ComputeEnvironmentChange,
  ComputeEnvironmentInput,
} from '../contract/types.ts';
import type { Principal } from '../access/principal.ts';
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/open.ts';
import type { Tables } from '../ledger/tables.ts';

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

/** Throws `name-taken`. */
export async function createComputeEnvironment(
  ledger: Ledger,
  by: Principal,
  { name, platform, runsDirectory = null, isDefault = false, ...settings }: ComputeEnvironmentInput,
): Promise<ComputeEnvironment> {
  assertSettings(platform, settings.aws);
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

/** Throws `compute-environment-not-found`. Runs that are under way stay where they are. */
export async function changeComputeEnvironment(
  ledger: Ledger,
  by: Principal,
  name: string,
  { runsDirectory, isDefault, ...change }: ComputeEnvironmentChange,
): Promise<ComputeEnvironment> {
  await ledger.write(async (db) => {
    const { platform } = await findComputeEnvironment(db, name);
    if (change.aws !== undefined) assertSettings(platform, change.aws);
    const { settings } = await db
      .selectFrom('compute_environments')
      .select('settings')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    await db
      .updateTable('compute_environments')
      .set({
        updated_at: new Date().toISOString(),
        ...(runsDirectory === undefined ? {} : { runs_directory: runsDirectory }),
        settings: JSON.stringify({ ...(JSON.parse(settings) as Settings), ...change }),
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
function assertSettings(platform: ComputeEnvironment['platform'], aws: AwsSettings | undefined): void {
  if ((platform === 'aws-batch') !== (aws !== undefined))
    throw new EscrowError(
      'request-invalid',
      platform === 'aws-batch'
        ? 'AWS Batch needs settings of its own.'
        : `${platform} takes no settings of AWS.`,
    );
  if (aws !== undefined) assertFitsTogether(aws);
}

async function makeDefault(db: Queries, name: string): Promise<void> {
  await db.updateTable('compute_environments').set({ is_default: 0 }).where('is_default', '=', 1).execute();
  await db.updateTable('compute_environments').set({ is_default: 1 }).where('name', '=', name).execute();
}

/** What is kept as JSON: the parts of an environment that only some platforms know of. */
type Settings = Pick<ComputeEnvironment, 'executor' | 'headJob' | 'headOptions'>;

function describe(row: Selectable<Tables['compute_environments']>): ComputeEnvironment {
  return {
    ...(JSON.parse(row.settings) as Settings),
    name: row.name,
    platform: row.platform,
    runsDirectory: row.runs_directory,
    isDefault: row.is_default === 1,
    ...(JSON.parse(row.settings) as Pick<ComputeEnvironment, 'aws'>),
    dateCreated: row.created_at,
    lastUpdated: row.updated_at,
  };
}
