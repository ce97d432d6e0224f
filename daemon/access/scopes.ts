import { randomUUID } from 'node:crypto';
import { notFoundError } from '../contract/not-found.ts';
import type { Workspace } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';
import { permittedWorkspaces } from './permitted-objects.ts';
import { keyOf, type Principal } from './principal.ts';

/** The scope of a secret: a workspace or a user. Its id never changes, and each encrypted value is bound to it. */
export type SecretScope = WorkspaceScope | UserScope;

export interface WorkspaceScope {
  readonly id: string;
  readonly kind: 'workspace';
  readonly organization: string;
  readonly name: string;
  readonly visibility: Workspace['visibility'];
}

export interface UserScope {
  readonly id: string;
  readonly kind: 'user';
}

/** Returns the name of a scope: ORGANIZATION/NAME, or `user`. */
export function titleOf(scope: SecretScope): string {
  return scope.kind === 'user' ? 'user' : `${scope.organization}/${scope.name}`;
}

/** Names a scope in a message: `workspace lab/rna`, `your own secrets`. */
export function nameOfScope(scope: SecretScope): string {
  return scope.kind === 'user' ? 'your own secrets' : `workspace ${titleOf(scope)}`;
}

/**
 * Finds the workspace ORGANIZATION/NAME. A principal of a team server does not find a workspace that it may not see. Throws
 * `workspace-not-found`.
 */
export async function findWorkspace(db: Queries, title: string, by?: Principal): Promise<WorkspaceScope> {
  const [organization = '', name = '', more] = title.split('/');
  const row =
    more === undefined
      ? await visibleWorkspaces(db, by)
          .select(['scopes.id', 'scopes.visibility'])
          .where('scopes.organization', '=', organization)
          .where('scopes.name', '=', name)
          .executeTakeFirst()
      : undefined;
  if (row === undefined) throw await workspaceNotFound(db, title, by);
  return { id: row.id, kind: 'workspace', organization, name, visibility: row.visibility ?? 'private' };
}

/** Returns the query of the workspaces that a principal may see: of all of them for the machine user. */
export function visibleWorkspaces(db: Queries, by?: Principal) {
  const workspaces = db.selectFrom('scopes').where('scopes.kind', '=', 'workspace');
  return by === undefined || by.kind === 'machine'
    ? workspaces
    : workspaces.where(
        'scopes.id',
        'in',
        permittedWorkspaces(db, by, 'workspaces:read').select('scopes.id as id'),
      );
}

/** Creates the error for a title that no workspace has, or none that the principal may see. */
export async function workspaceNotFound(db: Queries, title: string, by?: Principal): Promise<EscrowError> {
  const rows = await visibleWorkspaces(db, by)
    .select(['scopes.organization', 'scopes.name'])
    .orderBy('scopes.organization')
    .orderBy('scopes.name')
    .execute();
  return notFoundError('workspace-not-found', `There is no workspace "${title.slice(0, 130)}".`, {
    name: title,
    among: rows.map(({ organization, name }) => `${organization}/${name}`),
  });
}

/** Returns a user's own scope. Creates it on first use. Throws `not-permitted` for a service account. */
export async function userScope(db: Queries, principal: Principal): Promise<UserScope> {
  const known = await findUserScope(db, principal); // reading first avoids the write lock in most calls
  if (known.id !== '') return known;
  const key = { kind: 'user', organization: '', name: scopeNameOf(principal) } as const;
  await db
    .insertInto('scopes')
    .values({ ...key, id: randomUUID(), visibility: null, created_at: ledgerTime(db) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return findUserScope(db, principal);
}

/** Returns the scope of a user's own secrets without writing. If it does not exist yet, its id is empty, and it has no secrets. */
export async function findUserScope(db: Queries, principal: Principal): Promise<UserScope> {
  const found = await db
    .selectFrom('scopes')
    .select('id')
    .where('kind', '=', 'user')
    .where('name', '=', scopeNameOf(principal))
    .executeTakeFirst();
  return { id: found?.id ?? '', kind: 'user' };
}

/** Returns the name under which the ledger keeps the own scope of a user. */
function scopeNameOf(principal: Principal): string {
  if (principal.kind !== 'service-account') return keyOf(principal);
  throw new EscrowError(
    'not-permitted',
    `Cannot use secrets of ${principal.user}: a service account cannot have secrets.`,
    { hint: 'Set the secret in a workspace, and add the service account to the workspace.' },
  );
}
