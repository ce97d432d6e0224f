import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { assertPrecondition, entityTag, type Precondition } from '../contract/entity-tag.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../contract/page.ts';
import type { Permission, Role, Workspace, WorkspaceChange, WorkspaceInput } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import { rememberNothing, type Remember } from '../ledger/idempotency.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import { authorize } from './authorize.ts';
import { getOrganization } from './organizations.ts';
import { roleReader } from './permissions.ts';
import { permittedWorkspaces } from './permitted-objects.ts';
import type { Principal } from './principal.ts';
import { assertNotReserved, reserveName } from './reserved-names.ts';
import { titleOf, workspaceNotFound, type WorkspaceScope } from './scopes.ts';
import { readContents, type WorkspaceContents } from './workspace-contents.ts';

const COLLECTION = 'workspaces';

/** Lists the workspaces that a principal may see by organization and name, with its role in each. Throws `cursor-invalid`. */
export async function listWorkspaces(
  db: Queries,
  by: Principal,
  { limit, cursor }: PageRequest,
): Promise<Page<Workspace>> {
  const after = readCursor(COLLECTION, cursor, ['string', 'string']);
  let query = selectWorkspaces(db, by);
  if (after !== undefined)
    query = query.where(sql<boolean>`(scopes.organization, scopes.name) > (${after[0]}, ${after[1]})`);
  const rows = await query
    .orderBy('scopes.organization')
    .orderBy('scopes.name')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, (row) => [row.organization, row.name]);
  const roleIn = await roleReader(db, by, items.map(titleOfRow));
  const contentsOf = await readContents(
    db,
    items.map(({ id }) => id),
  );
  return {
    items: items.map((row) => describe(row, roleIn(titleOfRow(row)), contentsOf(row.id))),
    ...next,
  };
}

/** Returns a workspace as the API shows it. Throws `workspace-not-found`. */
export async function describeWorkspace(
  db: Queries,
  by: Principal,
  { organization, name }: Pick<WorkspaceScope, 'organization' | 'name'>,
): Promise<Workspace> {
  const found = await selectWorkspaces(db, by)
    .where('scopes.organization', '=', organization)
    .where('scopes.name', '=', name)
    .executeTakeFirst();
  const title = `${organization}/${name}`;
  if (found === undefined) throw await workspaceNotFound(db, title, by);
  const contentsOf = await readContents(db, [found.id]);
  return describe(found, (await roleReader(db, by, [title]))(title), contentsOf(found.id));
}

/**
 * Creates a workspace. On a team server, a personal one belongs to its creator. Throws `organization-not-found`, `name-taken`,
 * `not-permitted`.
 */
export async function createWorkspace(
  ledger: Ledger,
  by: Principal,
  { organization, name, visibility = 'private' }: WorkspaceInput,
  remember: Remember = rememberNothing,
): Promise<Workspace> {
  const scope: WorkspaceScope = { id: randomUUID(), kind: 'workspace', organization, name, visibility };
  return ledger.write(async (db) => {
    const isPersonal = visibility === 'personal';
    await authorize(db, by, creationPermission(visibility), { organization });
    if (isPersonal && by.kind === 'service-account') throw notPersonal(by);
    await getOrganization(db, by, organization);
    await assertNotReserved(db, { organization, name }, `the workspace "${titleOf(scope)}"`);
    const person_id = isPersonal && by.kind === 'user' ? by.id : null;
    const inserted = await db
      .insertInto('scopes')
      .values({ ...scope, person_id, created_at: ledgerTime(db) })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError(
        'name-taken',
        `Cannot create the workspace "${titleOf(scope)}": it already exists.`,
      );
    await record(db, {
      type: 'workspace.created',
      by: by.user,
      data: { workspace: titleOf(scope), visibility },
    });
    const created = await describeWorkspace(db, by, scope);
    await remember(db, created);
    return created;
  });
}

/** Returns the permission that the creation of a workspace requires in its organization. */
export function creationPermission(visibility: WorkspaceInput['visibility']): Permission {
  return visibility === 'personal' ? 'workspaces:create_personal' : 'workspaces:create';
}

/**
 * Changes who can see a workspace. Throws `workspace-not-found`,
 * `workspace-personal`, `not-permitted`, `precondition-failed`.
 */
export async function changeWorkspace(
  ledger: Ledger,
  by: Principal,
  scope: WorkspaceScope,
  { visibility }: WorkspaceChange,
  precondition: Precondition = {},
): Promise<Workspace> {
  return ledger.write(async (db) => {
    const workspace = titleOf(scope);
    await authorize(db, by, 'members:write', { workspace });
    const { etag, visibility: previous } = await describeWorkspace(db, by, scope);
    assertPrecondition(precondition, etag, `the workspace "${workspace}"`);
    await db.updateTable('scopes').set({ visibility }).where('id', '=', scope.id).execute();
    if (visibility !== previous)
      await record(db, { type: 'workspace.changed', by: by.user, data: { workspace, visibility, previous } });
    return describeWorkspace(db, by, scope);
  });
}

/**
 * Removes a workspace and its secrets. Versions that runs have pinned are kept, encrypted, until those runs are purged.
 * The entity tag changes with each change of its secrets, so that a precondition protects secrets that the client did not
 * see. On a team server, the name is never used again. Throws `not-permitted`, `workspace-not-found`, `precondition-failed`, and
 * `in-use` while the server holds secrets of a run.
 */
export async function removeWorkspace(
  ledger: Ledger,
  by: Principal,
  scope: WorkspaceScope,
  precondition: Precondition = {},
): Promise<void> {
  await ledger.write(async (db) => {
    await authorize(db, by, 'workspaces:delete', { workspace: titleOf(scope) });
    const { etag } = await describeWorkspace(db, by, scope);
    assertPrecondition(precondition, etag, `the workspace "${titleOf(scope)}"`);
    await assertNoDelivery(db, scope);
    await db.deleteFrom('server_environments').where('scope_id', '=', scope.id).execute();
    await db
      .deleteFrom('secret_versions')
      .where('scope_id', '=', scope.id)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('pins')
              .select('pins.run_id')
              .whereRef('pins.secret_id', '=', 'secret_versions.secret_id')
              .whereRef('pins.version', '=', 'secret_versions.version'),
          ),
        ),
      )
      .execute();
    await db.deleteFrom('secrets').where('scope_id', '=', scope.id).execute();
    await db.deleteFrom('secret_history').where('scope_id', '=', scope.id).execute();
    await db.deleteFrom('workspace_members').where('scope_id', '=', scope.id).execute();
    await db.deleteFrom('scopes').where('id', '=', scope.id).execute();
    await reserveName(db, by, scope);
    await record(db, { type: 'workspace.removed', by: by.user, data: { workspace: titleOf(scope) } });
  });
}

async function assertNoDelivery(db: Queries, scope: WorkspaceScope): Promise<void> {
  const live = await db
    .selectFrom('deliveries')
    .innerJoin('releases', 'releases.id', 'deliveries.id')
    .select(['releases.id', 'releases.run_id'])
    .where('deliveries.scope_id', '=', scope.id)
    .where('deliveries.state', '!=', 'removed')
    .executeTakeFirst();
  if (live === undefined) return;
  throw new EscrowError(
    'in-use',
    `Cannot remove the workspace "${titleOf(scope)}": the server holds secrets of run ${live.run_id}.`,
    { hint: `Wait until they are removed. \`nf-escrow releases receipt ${live.id}\` shows their state.` },
  );
}

function notPersonal(by: Principal): EscrowError {
  return new EscrowError('not-permitted', `Cannot create a personal workspace: ${by.user} is not a person.`, {
    hint: 'Create the workspace as a person.',
  });
}

/** Returns the query of the workspaces that a principal may see. Callers add conditions and an order. */
function selectWorkspaces(db: Queries, by: Principal) {
  const all = db
    .selectFrom('scopes')
    .where('scopes.kind', '=', 'workspace')
    .select(['scopes.id', 'scopes.organization', 'scopes.name', 'scopes.visibility', 'scopes.created_at']);
  return by.kind === 'machine'
    ? all
    : all.where('scopes.id', 'in', permittedWorkspaces(db, by, 'workspaces:read').select('scopes.id as id'));
}

type WorkspaceRow = Awaited<ReturnType<ReturnType<typeof selectWorkspaces>['execute']>>[number];

function titleOfRow({ organization, name }: WorkspaceRow): string {
  return `${organization}/${name}`;
}

function describe(row: WorkspaceRow, role: Role, { secrets, changes }: WorkspaceContents): Workspace {
  const { id, organization, name, created_at } = row;
  const visibility = row.visibility ?? 'private';
  return {
    organization,
    name,
    visibility,
    role,
    secrets,
    dateCreated: created_at,
    etag: entityTag(id, visibility, secrets, changes ?? null),
  };
}
