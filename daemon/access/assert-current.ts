import { EscrowError } from '../errors.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { TeamPrincipal } from './principal.ts';

/** What the ledger says about a principal now. */
export interface Standing {
  /** Whether the principal manages the users of the server. */
  readonly isAdministrator: boolean;
}

/**
 * Throws `unauthenticated` if the account was suspended or removed, or the token was revoked or has expired, after the request
 * was authenticated.
 */
export async function assertCurrent(db: Queries, by: TeamPrincipal): Promise<Standing> {
  if (by.token !== undefined && !(await isTokenValid(db, by.token.id))) throw notAuthenticated();
  if (by.kind === 'service-account') {
    const found = await db
      .selectFrom('service_accounts')
      .select('id')
      .where('id', '=', by.id)
      .executeTakeFirst();
    if (found === undefined) throw notAuthenticated();
    return { isAdministrator: false };
  }
  const found = await db
    .selectFrom('users')
    .select('administrator')
    .where('id', '=', by.id)
    .where('state', '=', 'active')
    .executeTakeFirst();
  if (found === undefined) throw notAuthenticated();
  return { isAdministrator: found.administrator === 1 };
}

async function isTokenValid(db: Queries, id: string): Promise<boolean> {
  const found = await db
    .selectFrom('tokens')
    .select('id')
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', new Date().toISOString())
    .executeTakeFirst();
  return found !== undefined;
}

/** Creates the error of every request without valid credentials. It does not say what is wrong with them. */
export function notAuthenticated(): EscrowError {
  return new EscrowError('unauthenticated', 'The request has no valid token.', {
    hint: 'Get a new token from an administrator of the server, then sign in: nf-escrow login URL --token-stdin',
  });
}
