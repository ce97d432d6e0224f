import { EscrowError } from '../errors.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { Principal } from './principal.ts';
import { visibleWorkspaces, type SecretScope, type WorkspaceScope } from './scopes.ts';

/** A workspace and its organization with their numeric ids. */
export interface NumberedWorkspace {
  readonly numericId: number;
  readonly name: string;
  readonly organization: string;
  readonly organizationNumericId: number;
}

/** Lists the workspaces that a principal may see with their numeric ids, by organization and name. */
export async function listNumberedWorkspaces(db: Queries, by: Principal): Promise<NumberedWorkspace[]> {
  return visibleWorkspaces(db, by)
    .innerJoin('organizations', 'organizations.name', 'scopes.organization')
    .select([
      'scopes.numeric_id as numericId',
      'scopes.name',
      'scopes.organization',
      'organizations.numeric_id as organizationNumericId',
    ])
    .orderBy('scopes.organization')
    .orderBy('scopes.name')
    .execute();
}

/** Finds a workspace that a principal may see by its numeric id. Throws `workspace-not-found`. */
export async function findNumberedWorkspace(
  db: Queries,
  numericId: number,
  by: Principal,
): Promise<WorkspaceScope> {
  const row = await visibleWorkspaces(db, by)
    .select(['scopes.id', 'scopes.organization', 'scopes.name', 'scopes.visibility'])
    .where('scopes.numeric_id', '=', numericId)
    .executeTakeFirst();
  if (row !== undefined) return { ...row, kind: 'workspace', visibility: row.visibility ?? 'private' };
  throw new EscrowError('workspace-not-found', `There is no workspace with the id ${String(numericId)}.`);
}

/** Returns the numeric id of a scope. That of a user's own scope is the numeric id of the user. */
export async function numericIdOf(db: Queries, { id }: SecretScope): Promise<number> {
  const { numeric_id } = await db
    .selectFrom('scopes')
    .select('numeric_id')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return numeric_id;
}
