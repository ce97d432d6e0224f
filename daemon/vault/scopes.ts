import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { EscrowError } from '../errors.ts';
import type { Queries } from '../ledger/open.ts';

/** A scope of secrets. Its id never changes and is part of what each value is sealed with. */
export interface ScopeRow {
  readonly id: string;
  readonly kind: 'workspace' | 'user';
}

/** The workspace that every machine has. */
const BUILT_IN = { organization: 'local', name: 'main' };

/** The workspace ORGANIZATION/NAME. Throws `workspace-unknown`. */
export async function findWorkspace(db: Queries, title: string): Promise<ScopeRow> {
  const [organization = '', name = ''] = title.split('/');
  const known = organization === BUILT_IN.organization && name === BUILT_IN.name;
  if (!known) throw new EscrowError('workspace-unknown', `There is no workspace "${title}".`);
  return findOrCreate(db, 'workspace', organization, name);
}

/** The scope of the user whose daemon this is. */
export async function findUserScope(db: Queries): Promise<ScopeRow> {
  return findOrCreate(db, 'user', '', String(userInfo().uid));
}

async function findOrCreate(
  db: Queries,
  kind: ScopeRow['kind'],
  organization: string,
  name: string,
): Promise<ScopeRow> {
  await db
    .insertInto('scopes')
    .values({ id: randomUUID(), kind, organization, name, created_at: new Date().toISOString() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return db
    .selectFrom('scopes')
    .select(['id', 'kind'])
    .where('kind', '=', kind)
    .where('organization', '=', organization)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
}
