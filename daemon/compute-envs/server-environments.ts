import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import { authorize } from '../access/authorize.ts';
import type { Principal } from '../access/principal.ts';
import { titleOf, type WorkspaceScope } from '../access/scopes.ts';
import { assertPrecondition, entityTag, type Precondition } from '../contract/entity-tag.ts';
import { notFoundError } from '../contract/not-found.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../contract/page.ts';
import type { ComputeEnvironment, ServerEnvironment, ServerEnvironmentInput } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import { rememberNothing, type Remember } from '../ledger/idempotency.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';

const COLLECTION = 'compute environments of a workspace';

/** What a workspace sets of a compute environment on a server. */
type Settings = Omit<ServerEnvironmentInput, 'name' | 'platform'>;

/** What the platforms of compute environments on a server require. */
export interface ServerEnvironmentRules {
  /** Throws `compute-environment-invalid` if the configuration of the server does not permit the settings to a workspace. */
  readonly assertPermitted: (workspace: string, input: ServerEnvironmentInput) => void;
  /** Returns the resource in the settings that no other workspace may use. */
  readonly ownResource: (input: ServerEnvironmentInput) => string;
}

/** A compute environment of a workspace, and its id in the ledger. */
export interface FoundEnvironment {
  readonly id: string;
  readonly environment: ServerEnvironment;
}

/** Lists the compute environments of a workspace by name. Throws `cursor-invalid`. */
export async function pageOfServerEnvironments(
  db: Queries,
  scope: WorkspaceScope,
  { limit, cursor }: PageRequest,
): Promise<Page<ServerEnvironment>> {
  const [after] = readCursor(COLLECTION, cursor, ['string']) ?? [];
  let query = db.selectFrom('server_environments').selectAll().where('scope_id', '=', scope.id);
  if (after !== undefined) query = query.where('name', '>', after);
  const rows = await query
    .orderBy('name')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ name }) => [name]);
  return { items: items.map((row) => describe(row, scope)), ...next };
}

/** Lists all compute environments of a workspace by name. */
export async function listServerEnvironments(
  db: Queries,
  scope: WorkspaceScope,
): Promise<ServerEnvironment[]> {
  const rows = await rowsOf(db, scope);
  return rows.map((row) => describe(row, scope));
}

/** Finds a compute environment of a workspace. Throws `compute-environment-not-found`. */
export async function findServerEnvironment(
  db: Queries,
  scope: WorkspaceScope,
  name: string,
): Promise<FoundEnvironment> {
  const rows = await rowsOf(db, scope);
  const found = rows.find((row) => row.name === name);
  if (found !== undefined) return { id: found.id, environment: describe(found, scope) };
  throw notFoundError(
    'compute-environment-not-found',
    `Workspace ${titleOf(scope)} has no compute environment "${name}" on the server.`,
    { name, among: rows.map((row) => row.name) },
  );
}

/**
 * Creates a compute environment of a workspace. Its execution role must not be that of another workspace: who may pass a role can read
 * what it covers. Throws `not-permitted`, `name-taken`, `compute-environment-invalid`.
 */
export async function createServerEnvironment(
  ledger: Ledger,
  { assertPermitted, ownResource }: ServerEnvironmentRules,
  by: Principal,
  scope: WorkspaceScope,
  input: ServerEnvironmentInput,
  remember: Remember = rememberNothing,
): Promise<ServerEnvironment> {
  const workspace = titleOf(scope);
  const { name, platform, ...settings } = input;
  const resource = ownResource(input);
  return ledger.write(async (db) => {
    await authorize(db, by, 'compute_environments:write', { workspace });
    assertPermitted(workspace, input);
    await assertNotShared(db, scope, resource);
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('server_environments')
      .values({
        ...{ id: randomUUID(), scope_id: scope.id, name, platform, settings: JSON.stringify(settings) },
        ...{ own_resource: resource, created_by: by.user, created_at: ledgerTime(db) },
      })
      .onConflict((conflict) => conflict.columns(['scope_id', 'name']).doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError(
        'name-taken',
        `Cannot create the compute environment "${name}" of workspace ${workspace}: it already exists.`,
      );
    const data = { workspace, name, platform, ...settings };
    await record(db, { type: 'compute-environment.created', by: by.user, data });
    const { environment: created } = await findServerEnvironment(db, scope, name);
    await remember(db, created);
    return created;
  });
}

/** Removes a compute environment of a workspace. Throws `not-permitted`, `precondition-failed`, and `in-use` while the server holds secrets in it. */
export async function removeServerEnvironment(
  ledger: Ledger,
  by: Principal,
  scope: WorkspaceScope,
  name: string,
  precondition: Precondition = {},
): Promise<void> {
  const workspace = titleOf(scope);
  await ledger.write(async (db) => {
    await authorize(db, by, 'compute_environments:write', { workspace });
    const { id, environment } = await findServerEnvironment(db, scope, name);
    assertPrecondition(precondition, environment.etag, `the compute environment "${name}"`);
    const live = await db
      .selectFrom('deliveries')
      .innerJoin('releases', 'releases.id', 'deliveries.id')
      .select(['releases.id', 'releases.run_id'])
      .where('deliveries.environment_id', '=', id)
      .where('deliveries.state', '!=', 'removed')
      .executeTakeFirst();
    if (live !== undefined)
      throw new EscrowError(
        'in-use',
        `Cannot remove the compute environment "${name}": the server holds secrets of run ${live.run_id} in it.`,
        {
          hint: `Wait until they are removed. \`nf-escrow releases receipt ${live.id}\` shows their state.`,
        },
      );
    await db.deleteFrom('server_environments').where('id', '=', id).execute();
    await record(db, { type: 'compute-environment.removed', by: by.user, data: { workspace, name } });
  });
}

async function rowsOf(db: Queries, scope: WorkspaceScope) {
  return db
    .selectFrom('server_environments')
    .selectAll()
    .where('scope_id', '=', scope.id)
    .orderBy('name')
    .execute();
}

async function assertNotShared(db: Queries, scope: WorkspaceScope, resource: string): Promise<void> {
  const other = await db
    .selectFrom('server_environments')
    .select('id')
    .where('own_resource', '=', resource)
    .where('scope_id', '!=', scope.id)
    .executeTakeFirst();
  if (other === undefined) return;
  throw new EscrowError(
    'compute-environment-invalid',
    `Cannot use ${resource} for workspace ${titleOf(scope)}: another workspace uses it.`,
    { hint: 'Use a role that covers the secrets of this workspace only.' },
  );
}

/** Returns a compute environment of a server as stores and launches expect it. `name`: under which runs refer to it. */
export function asComputeEnvironment(
  environment: ServerEnvironment,
  name = environment.name,
): ComputeEnvironment {
  const { dateCreated } = environment;
  const kept = Object.entries(environment).filter(([key]) => !OF_SERVER.includes(key));
  const found = Object.fromEntries(kept) as Omit<
    ServerEnvironment,
    'workspace' | 'createdBy' | 'permissions'
  >;
  return { ...found, name, runsDirectory: null, isDefault: false, lastUpdated: dateCreated };
}

/** Properties that only a compute environment on a server has. */
const OF_SERVER: readonly string[] = [
  'workspace',
  'createdBy',
  'permissions',
] satisfies (keyof ServerEnvironment)[];

function describe(
  { id, name, platform, settings, created_by, created_at }: Selectable<Tables['server_environments']>,
  scope: WorkspaceScope,
): ServerEnvironment {
  return {
    ...(JSON.parse(settings) as Settings),
    ...{ name, workspace: titleOf(scope), platform },
    ...{ createdBy: created_by, dateCreated: created_at, etag: entityTag(id, settings) },
  };
}
