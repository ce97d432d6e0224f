import { EscrowError } from '../errors.ts';
import { ledgerTime } from '../ledger/fragments.ts';
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
  const found = await (by.kind === 'user' ? findUser(db, by) : findAccount(db, by));
  if (found === undefined || (by.token !== undefined && found.token === null)) throw notAuthenticated();
  return { isAdministrator: found.administrator === 1 };
}

/** Reads account and token with one statement, because every request does. */
async function findUser(db: Queries, { id, token }: TeamPrincipal) {
  return db
    .selectFrom('users')
    .leftJoin(validToken(db, token).as('token'), (join) => join.onTrue())
    .select(['users.administrator', 'token.id as token'])
    .where('users.id', '=', id)
    .where('users.state', '=', 'active')
    .executeTakeFirst();
}

async function findAccount(db: Queries, { id, token }: TeamPrincipal) {
  return db
    .selectFrom('service_accounts')
    .leftJoin(validToken(db, token).as('token'), (join) => join.onTrue())
    .select((select) => [select.lit(0).as('administrator'), 'token.id as token'])
    .where('service_accounts.id', '=', id)
    .executeTakeFirst();
}

function validToken(db: Queries, token: TeamPrincipal['token']) {
  return db
    .selectFrom('tokens')
    .select('tokens.id')
    .where('tokens.id', '=', token?.id ?? '')
    .where('tokens.revoked_at', 'is', null)
    .where('tokens.expires_at', '>', ledgerTime(db));
}

/** Creates the error of every request without valid credentials. It does not say what is wrong with them. */
export function notAuthenticated(): EscrowError {
  return new EscrowError('unauthenticated', 'The request has no valid token.', {
    hint: 'Get a new token from an administrator of the server, then sign in: nf-escrow login URL --token-stdin',
  });
}
