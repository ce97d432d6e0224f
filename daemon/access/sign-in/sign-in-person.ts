import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { createUser } from '../accounts/users.ts';
import { SERVER_PLACE } from '../places.ts';
import { domainOf } from './mail-address.ts';
import { chooseUserName } from './user-name.ts';
import { startSession, type ProvenIdentity, type SessionLimits } from './user-sessions.ts';

/** A sign-in that an identity provider has confirmed. */
interface ConfirmedSignIn {
  readonly identity: ProvenIdentity;
  /** When the provider asked the person for a proof (ISO 8601); null if it does not say. */
  readonly authenticatedAt: string | null;
  readonly replaces: string | undefined;
}

/**
 * Starts a session of the user with an identity. The owner of a verified address in one of the domains gets an account. Anyone else
 * without an account gets a session with which an invitation can be accepted. Returns the secret of the session. Throws
 * `sign-in-failed` if the user is suspended.
 */
export async function signInPerson(
  ledger: Ledger,
  { identity, authenticatedAt, replaces }: ConfirmedSignIn,
  allowedDomains: readonly string[],
  limits: SessionLimits,
): Promise<string> {
  return ledger.write(async (db) => {
    const known = await findLinkedUser(db, identity);
    if (known?.state === 'suspended')
      throw new EscrowError('sign-in-failed', 'Cannot sign in: the account is suspended.', {
        hint: 'Ask an administrator of the server.',
      });
    const { email } = identity;
    const isAllowed = email !== null && allowedDomains.includes(domainOf(email));
    const user = known ?? (isAllowed ? await createAccount(db, identity, email) : null);
    return startSession(db, { user, identity, method: 'provider', authenticatedAt, replaces }, limits);
  });
}

/** Adds an identity to an account, in a transaction of the caller. Throws `sign-in-required` if it belongs to an account already. */
export async function linkIdentity(
  db: Queries,
  by: string,
  user: { readonly id: string; readonly name: string },
  { issuer, subject }: ProvenIdentity,
): Promise<void> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('user_identities')
    .values({ issuer, subject, user_id: user.id, linked_at: ledgerTime(db) })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n)
    throw new EscrowError(
      'sign-in-required',
      'Cannot link the identity to the account: it was linked to an account in the meantime.',
    );
  await record(db, {
    type: 'user.identity-added',
    by,
    data: { name: user.name, issuer },
    place: SERVER_PLACE,
  });
}

async function findLinkedUser(db: Queries, { issuer, subject }: ProvenIdentity) {
  return db
    .selectFrom('user_identities')
    .innerJoin('users', 'users.id', 'user_identities.user_id')
    .select(['users.id', 'users.name', 'users.state'])
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
}

async function createAccount(
  db: Queries,
  identity: ProvenIdentity,
  email: string,
): Promise<{ readonly id: string; readonly name: string }> {
  const name = await chooseUserName(db, email);
  const id = await createUser(db, name, { name, email });
  await linkIdentity(db, name, { id, name }, identity);
  return { id, name };
}
