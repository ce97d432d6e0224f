import { randomUUID } from 'node:crypto';
import type { Workspace, WorkspaceInput } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/open.ts';
import { getOrganization } from './organizations.ts';
import { assertMay, roleOf } from './policy.ts';
import type { Principal } from './principal.ts';
import { titleOf, type WorkspaceScope } from './scopes.ts';

/** Lists workspaces by organization and name, with the principal's role in each. */
export async function listWorkspaces(db: Queries, by: Principal): Promise<Workspace[]> {
  const rows = await db
    .selectFrom('scopes')
    .leftJoin('secrets', 'secrets.scope_id', 'scopes.id')
    .where('scopes.kind', '=', 'workspace')
    .select(({ fn }) => [
      'scopes.organization',
      'scopes.name',
      'scopes.visibility',
      'scopes.created_at',
      fn.count<number>('secrets.id').as('secrets'),
    ])
    .groupBy('scopes.id')
    .orderBy('scopes.organization')
    .orderBy('scopes.name')
    .execute();
  return rows.map(({ created_at, visibility, ...row }) => ({
    ...row,
    visibility: visibility ?? 'private',
    role: roleOf(by),
    dateCreated: created_at,
  }));
}

/** Returns a workspace as the API shows it. Throws `workspace-not-found`. */
export async function describeWorkspace(
  db: Queries,
  by: Principal,
  { organization, name }: WorkspaceScope,
): Promise<Workspace> {
  const all = await listWorkspaces(db, by);
  const found = all.find((workspace) => workspace.organization === organization && workspace.name === name);
  if (found !== undefined) return found;
  throw new EscrowError('workspace-not-found', `There is no workspace "${organization}/${name}".`);
}

/** Creates a workspace. Throws `organization-not-found`, `name-taken`. */
export async function createWorkspace(
  ledger: Ledger,
  by: Principal,
  { organization, name, visibility = 'private' }: WorkspaceInput,
): Promise<Workspace> {
  const scope: WorkspaceScope = { id: randomUUID(), kind: 'workspace', organization, name, visibility };
  await ledger.write(async (db) => {
    await getOrganization(db, organization);
    const inserted = await db
      .insertInto('scopes')
      .values({ ...scope, created_at: new Date().toISOString() })
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
  });
  return describeWorkspace(ledger.db, by, scope);
}

/**
 * Removes a workspace and its secrets. Versions that runs have pinned are kept, encrypted, until those runs are purged.
 * Throws `not-permitted`.
 */
export async function removeWorkspace(ledger: Ledger, by: Principal, scope: WorkspaceScope): Promise<void> {
  assertMay(roleOf(by), 'delete-workspace', titleOf(scope));
  await ledger.write(async (db) => {
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
    await db.deleteFrom('scopes').where('id', '=', scope.id).execute();
    await record(db, { type: 'workspace.removed', by: by.user, data: { workspace: titleOf(scope) } });
  });
}
