import { ledgerTime } from '../../ledger/fragments.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { TokenScope } from '../../contract/types.ts';
import { notAuthenticated } from '../assert-current.ts';
import { SERVICE_ACCOUNT, type TeamPrincipal } from '../principal.ts';
import { isInAddresses, unmapped } from './address-list.ts';
import { hashOfToken, isTokenText } from './token-format.ts';

/** At most one write a minute and token records the last use. */
const USE_INTERVAL_MS = 60_000;

/**
 * Returns the principal of a token that is used from an address, and records the use. Throws `unauthenticated` without a
 * reason: the token is unknown, revoked or expired, it is not accepted from the address, or its account is suspended.
 */
export async function authenticateToken(
  db: Queries,
  text: string,
  address: string | undefined,
): Promise<TeamPrincipal> {
  if (!isTokenText(text)) throw notAuthenticated(); // without a query
  const row = await db
    .selectFrom('tokens')
    .leftJoin('users', (join) =>
      join.onRef('users.id', '=', 'tokens.user_id').on('users.state', '=', 'active'),
    )
    .leftJoin('service_accounts', 'service_accounts.id', 'tokens.service_account_id')
    .leftJoin('organizations', 'organizations.id', 'service_accounts.organization_id')
    .select(['tokens.id', 'tokens.scopes', 'tokens.scope_id', 'tokens.addresses', 'tokens.last_used_at'])
    .select(['users.id as user_id', 'users.name as user'])
    .select(['service_accounts.id as account_id', 'service_accounts.name as account'])
    .select(ledgerTime(db).as('now'))
    .select(['organizations.id as organization_id', 'organizations.name as organization'])
    .where('tokens.hash', '=', hashOfToken(text))
    .where('tokens.revoked_at', 'is', null)
    .where('tokens.expires_at', '>', ledgerTime(db))
    .executeTakeFirst();
  if (row === undefined || !isInAddresses(JSON.parse(row.addresses) as string[], address))
    throw notAuthenticated();
  const scopes = JSON.parse(row.scopes) as TokenScope[];
  const principal = principalOf(row, { id: row.id, scopes, workspaceId: row.scope_id });
  await recordUse(db, row, address);
  return principal;
}

interface Owner {
  readonly user_id: string | null;
  readonly user: string | null;
  readonly account_id: string | null;
  readonly account: string | null;
  readonly organization_id: string | null;
  readonly organization: string | null;
}

function principalOf(owner: Owner, token: NonNullable<TeamPrincipal['token']>): TeamPrincipal {
  const { user_id, user, account_id, account, organization_id, organization } = owner;
  if (user_id !== null && user !== null) return Object.freeze({ kind: 'user', id: user_id, user, token });
  if (account_id === null || account === null || organization_id === null || organization === null)
    throw notAuthenticated(); // the user is suspended
  return Object.freeze({
    kind: 'service-account',
    id: account_id,
    user: `${SERVICE_ACCOUNT}${organization}/${account}`,
    organizationId: organization_id,
    token,
  });
}

/** Records the time and the address of a use, unless one within the last minute is recorded. */
async function recordUse(
  db: Queries,
  {
    id,
    last_used_at,
    now,
  }: { readonly id: string; readonly last_used_at: string | null; readonly now: string },
  address: string | undefined,
): Promise<void> {
  const before = new Date(Date.parse(now) - USE_INTERVAL_MS).toISOString();
  if (last_used_at !== null && last_used_at > before) return;
  await db
    .updateTable('tokens')
    .set({
      last_used_at: now,
      last_used_from: address === undefined ? null : unmapped(address).slice(0, 64),
    })
    .where('id', '=', id)
    // Of several requests at the same time, one writes.
    .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<=', before)]))
    .execute();
}
