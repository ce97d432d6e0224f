import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { findUser } from '../accounts/users.ts';
import { authorize } from '../authorize.ts';
import { SERVER_PLACE } from '../places.ts';
import type { Principal } from '../principal.ts';
import { hashOfToken } from '../tokens/token-format.ts';
import { createSecretText } from './one-time-secret.ts';
import { startSession, type SessionLimits } from './user-sessions.ts';

const LINK_MINUTES = 15;

/** A new link, whose secret is nowhere else. */
interface NewLink {
  readonly secret: string;
  readonly expires: string;
}

/** Creates a link with which a user signs in once. Requires a session of an administrator. Throws `user-not-found`, `not-permitted`. */
export async function createSignInLink(ledger: Ledger, by: Principal, name: string): Promise<NewLink> {
  return ledger.write(async (db) => {
    await authorize(db, by, 'sign_in_links:create', 'server');
    return issueSignInLink(db, by.user, name);
  });
}

/**
 * Creates a link in a transaction of the caller, who has checked that this is permitted. Earlier links of the user are void.
 * Throws `user-not-found`, `not-permitted`.
 */
export async function issueSignInLink(db: Queries, by: string, name: string): Promise<NewLink> {
  const { id, state } = await findUser(db, name);
  if (state !== 'active')
    throw new EscrowError(
      'not-permitted',
      `Cannot create a sign-in link of "${name}": the user is suspended.`,
      {
        hint: `Resume the user first: nf-escrow users resume ${name}`,
      },
    );
  await db.deleteFrom('sign_in_links').where('user_id', '=', id).execute();
  await db.deleteFrom('sign_in_links').where('expires_at', '<=', ledgerTime(db)).execute();
  const secret = createSecretText();
  const { expires_at: expires } = await db
    .insertInto('sign_in_links')
    .values({
      ...{ hash: hashOfToken(secret), user_id: id, created_at: ledgerTime(db) },
      expires_at: ledgerTime(db, LINK_MINUTES * 60),
    })
    .returning('expires_at')
    .executeTakeFirstOrThrow();
  await record(db, { type: 'sign-in-link.created', by, data: { user: name, expires }, place: SERVER_PLACE });
  return { secret, expires };
}

/** Exchanges a link for a session. Of several requests, one succeeds. Throws `sign-in-link-invalid`. */
export async function useSignInLink(
  ledger: Ledger,
  secret: string,
  replaces: string | undefined,
  limits: SessionLimits,
): Promise<string> {
  return ledger.write(async (db) => {
    const used = await db
      .deleteFrom('sign_in_links')
      .where('hash', '=', hashOfToken(secret))
      .where('expires_at', '>', ledgerTime(db))
      .returning('user_id')
      .executeTakeFirst();
    const user =
      used === undefined
        ? undefined
        : await db
            .selectFrom('users')
            .select(['id', 'name'])
            .where('id', '=', used.user_id)
            .where('state', '=', 'active')
            .executeTakeFirst();
    if (user === undefined)
      throw new EscrowError(
        'sign-in-link-invalid',
        'Cannot sign in: the link is unknown, was used, or has expired.',
      );
    return startSession(db, { user, method: 'link', authenticatedAt: 'now', replaces }, limits);
  });
}
