import { randomUUID } from 'node:crypto';
import { notFoundError } from '../contract/not-found.ts';
import type { Workspace } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { Principal } from './principal.ts';

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

/** Finds the workspace ORGANIZATION/NAME. Throws `workspace-not-found`. */
export async function findWorkspace(db: Queries, title: string): Promise<WorkspaceScope> {
  const [organization = '', name = '', more] = title.split('/');
  const row =
    more === undefined
      ? await db
          .selectFrom('scopes')
          .select(['id', 'visibility'])
          .where('kind', '=', 'workspace')
          .where('organization', '=', organization)
          .where('name', '=', name)
          .executeTakeFirst()
      : undefined;
  if (row === undefined) throw await workspaceNotFound(db, title);
  return { id: row.id, kind: 'workspace', organization, name, visibility: row.visibility ?? 'private' };
}

/** Creates the error for a title that no workspace has. */
export async function workspaceNotFound(db: Queries, title: string): Promise<EscrowError> {
  const rows = await db
    .selectFrom('scopes')
    .select(['organization', 'name'])
    .where('kind', '=', 'workspace')
    .orderBy('organization')
    .orderBy('name')
    .execute();
  return notFoundError('workspace-not-found', `There is no workspace "${title.slice(0, 130)}".`, {
    name: title,
    among: rows.map(({ organization, name }) => `${organization}/${name}`),
  });
}

/** Returns a user's own scope. Creates it on first use. */
export async function userScope(db: Queries, principal: Principal): Promise<UserScope> {
  const known = await findUserScope(db, principal); // reading first avoids the write lock in most calls
  if (known.id !== '') return known;
  const key = { kind: 'user', organization: '', name: String(principal.uid) } as const;
  await db
    .insertInto('scopes')
    .values({ ...key, id: randomUUID(), visibility: null, created_at: new Date().toISOString() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return findUserScope(db, principal);
}

/** Returns the scope of a user's own secrets without writing. If it does not exist yet, its id is empty, and it has no secrets. */
export async function findUserScope(db: Queries, { uid }: Principal): Promise<UserScope> {
  const found = await db
    .selectFrom('scopes')
    .select('id')
    .where('kind', '=', 'user')
    .where('name', '=', String(uid))
    .executeTakeFirst();
  return { id: found?.id ?? '', kind: 'user' };
}
