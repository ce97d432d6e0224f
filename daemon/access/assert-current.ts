import { EscrowError } from '../errors.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { SessionGrant, TeamPrincipal } from './principal.ts';

/** What the ledger says about a principal now. */
export interface Standing {
  /** Whether the principal manages the users of the server. */
  readonly isAdministrator: boolean;
}

/**
 * Throws `unauthenticated` if the account was suspended or removed, or the token or the session was revoked or has expired, after
 * the request was authenticated.
 */
export async function assertCurrent(db: Queries, by: TeamPrincipal): Promise<Standing> {
  const session = by.kind === 'user' ? by.session : undefined;
  const found = await (by.kind !== 'user'
    ? findAccount(db, by)
    : session === undefined
      ? findUser(db, by)
      : findUserOfSession(db, by, session));
  if (found === undefined || (by.token !== undefined && found.token === null)) throw notAuthenticated();
  return { isAdministrator: found.administrator === 1 };
}

/** Reads account and session with one statement. */
async function findUserOfSession(db: Queries, { id }: TeamPrincipal, session: SessionGrant) {
  return db
    .selectFrom('users')
    .innerJoin('user_sessions', 'user_sessions.user_id', 'users.id')
    .select((select) => ['users.administrator', select.lit(null).as('token')])
    .where('users.id', '=', id)
    .where('users.state', '=', 'active')
    .where('user_sessions.id', '=', session.id)
    .where('user_sessions.expires_at', '>', ledgerTime(db))
    .where('user_sessions.last_used_at', '>', ledgerTime(db, -session.idleSeconds))
    .executeTakeFirst();
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
    hint: 'Sign in to the server again: nf-escrow login URL',
  });
}
