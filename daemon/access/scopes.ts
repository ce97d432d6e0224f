import { randomUUID } from 'node:crypto';
import type { Workspace } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Queries } from '../ledger/open.ts';
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
  if (row === undefined)
    throw new EscrowError('workspace-not-found', `There is no workspace "${title.slice(0, 130)}".`);
  return { id: row.id, kind: 'workspace', organization, name, visibility: row.visibility ?? 'private' };
}

/** Returns a user's own scope. Creates it on first use. */
export async function userScope(db: Queries, { uid }: Principal): Promise<UserScope> {
  const key = { kind: 'user', organization: '', name: String(uid) } as const;
  const found = db.selectFrom('scopes').select('id').where('kind', '=', 'user').where('name', '=', key.name);
  const known = await found.executeTakeFirst(); // reading first avoids the write lock in most calls
  if (known !== undefined) return { id: known.id, kind: 'user' };
  await db
    .insertInto('scopes')
    .values({ ...key, id: randomUUID(), visibility: null, created_at: new Date().toISOString() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { id } = await found.executeTakeFirstOrThrow();
  return { id, kind: 'user' };
}
