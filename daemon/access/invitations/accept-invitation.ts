import type { OrganizationRole } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { createUser } from '../accounts/users.ts';
import { SERVER_PLACE } from '../places.ts';
import { isAtLeastInOrganization, ORGANIZATION_ROLES } from '../roles.ts';
import type { FoundSession } from '../sign-in/authenticate-session.ts';
import { linkIdentity } from '../sign-in/sign-in-person.ts';
import { chooseUserName } from '../sign-in/user-name.ts';
import { startSession, type SessionLimits } from '../sign-in/user-sessions.ts';
import { assertMayInvite } from './assert-may-invite.ts';
import { findInvitation, invitationInvalid, type InvitationRow } from './invitations.ts';

/** What a person sends to accept an invitation. */
interface Acceptance {
  readonly secret: string;
  /** The wanted name of the new account. */
  readonly user?: string;
  /** The session of the browser; undefined without one. */
  readonly session: FoundSession | undefined;
}

/** How people sign in to the server. */
interface AcceptanceRules extends SessionLimits {
  /** Whether an identity provider verifies addresses. Without one, the link, which was sent to the address, is the proof. */
  readonly hasProvider: boolean;
}

interface Account {
  readonly id: string;
  readonly name: string;
}

/**
 * Accepts an invitation: creates the account if the person has none, and adds it to the organization. Consumes the invitation; of
 * several requests, one succeeds. Returns the secret of a new session. Throws `invitation-invalid`, also if the person who has sent
 * the invitation may no longer do so; `sign-in-required`; `invitation-for-other-address`; `name-taken`.
 */
export async function acceptInvitation(
  ledger: Ledger,
  { secret, user: wanted, session }: Acceptance,
  rules: AcceptanceRules,
): Promise<string> {
  return ledger.write(async (db) => {
    const invitation = await findInvitation(db, secret);
    await assertStillPermitted(db, invitation);
    const account = await accountOf(db, invitation, session, rules.hasProvider, wanted);
    const { numDeletedRows } = await db
      .deleteFrom('invitations')
      .where('id', '=', invitation.id)
      .executeTakeFirst();
    if (numDeletedRows !== 1n) throw invitationInvalid();
    await grant(db, invitation, account);
    const { id, organization, role } = invitation;
    const data = { id, organization, role };
    await record(db, { type: 'invitation.accepted', by: account.name, data, place: SERVER_PLACE });
    // Another session than before, because this one may do more.
    const identity = session?.identity;
    const method = session === undefined ? 'invitation' : identity === undefined ? 'link' : 'provider';
    const authenticatedAt = session === undefined ? 'now' : session.authenticatedAt;
    return startSession(
      db,
      { user: account, identity, method, authenticatedAt, replaces: session?.id },
      rules,
    );
  });
}

/** An invitation is void once the person who has sent it could not send it any longer. */
async function assertStillPermitted(db: Queries, invitation: InvitationRow): Promise<void> {
  const { invited_by_id: id, invited_by: user, organization, role } = invitation;
  if (id === null) return; // an operator
  const offer = { ...(organization === null ? {} : { organization }), ...(role === null ? {} : { role }) };
  try {
    await assertMayInvite(db, { kind: 'user', id, user }, offer);
  } catch (error) {
    if (error instanceof EscrowError) throw invitationInvalid();
    throw error; // of the database, which may run the transaction again
  }
}

async function accountOf(
  db: Queries,
  invitation: InvitationRow,
  session: FoundSession | undefined,
  hasProvider: boolean,
  wanted: string | undefined,
): Promise<Account> {
  const { email, user_id, invited_by } = invitation;
  if (session === undefined) {
    const known = hasProvider ? undefined : await knownAccount(db, email, user_id);
    if (hasProvider || known === 'sign in') throw signInRequired();
    return known ?? createAccount(db, invitation, wanted);
  }
  const { user, identity } = session;
  const proven = identity?.email ?? (hasProvider || user === undefined ? null : await addressOf(db, user.id));
  if (proven !== email || (user_id !== null && user !== undefined && user.id !== user_id))
    throw new EscrowError(
      'invitation-for-other-address',
      'Cannot accept the invitation: you have not signed in with its address.',
    );
  if (user !== undefined) return { id: user.id, name: user.user };
  if (identity === undefined) throw signInRequired();
  const account =
    user_id === null ? await createAccount(db, invitation, wanted) : await activeAccount(db, user_id);
  await linkIdentity(db, invited_by, account, identity);
  return account;
}

/** Without a provider, the owner of an account with the address must sign in to it. An operator can name the account. */
async function knownAccount(
  db: Queries,
  email: string,
  userId: string | null,
): Promise<Account | 'sign in' | undefined> {
  if (userId !== null) return activeAccount(db, userId);
  const found = await db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst();
  return found === undefined ? undefined : 'sign in';
}

async function activeAccount(db: Queries, id: string): Promise<Account> {
  const found = await db
    .selectFrom('users')
    .select(['id', 'name'])
    .where('id', '=', id)
    .where('state', '=', 'active')
    .executeTakeFirst();
  if (found === undefined) throw invitationInvalid();
  return found;
}

async function createAccount(
  db: Queries,
  { email, user_name, administrator, invited_by }: InvitationRow,
  wanted: string | undefined,
): Promise<Account> {
  const name = user_name ?? wanted ?? (await chooseUserName(db, email));
  const id = await createUser(db, invited_by, { name, email, administrator: administrator === 1 });
  return { id, name };
}

async function addressOf(db: Queries, id: string): Promise<string | null> {
  return (await db.selectFrom('users').select('email').where('id', '=', id).executeTakeFirstOrThrow()).email;
}

/** Gives the account what the invitation offers. It raises the role of a member, and never lowers it. */
async function grant(db: Queries, invitation: InvitationRow, { id, name }: Account): Promise<void> {
  const { administrator, organization_id, organization, role, invited_by: by } = invitation;
  if (administrator === 1) {
    const { numUpdatedRows } = await db
      .updateTable('users')
      .set({ administrator: 1 })
      .where('id', '=', id)
      .where('administrator', '=', 0)
      .executeTakeFirst();
    if (numUpdatedRows > 0n)
      await record(db, { type: 'user.promoted', by, data: { name }, place: SERVER_PLACE });
  }
  if (organization_id === null || organization === null || role === null) return;
  const data = { organization, user: name, role };
  const added = await db
    .insertInto('organization_members')
    .values({ organization_id, user_id: id, role, added_at: ledgerTime(db) })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (added.numInsertedOrUpdatedRows === 1n)
    await record(db, { type: 'organization.member-added', by, data, place: organization });
  else if (await raiseRole(db, organization_id, id, role))
    await record(db, { type: 'organization.member-changed', by, data, place: organization });
}

/** Returns whether the role of the member was lower. */
async function raiseRole(
  db: Queries,
  organizationId: string,
  userId: string,
  role: OrganizationRole,
): Promise<boolean> {
  const lower = ORGANIZATION_ROLES.filter((one) => !isAtLeastInOrganization(one, role));
  if (lower.length === 0) return false;
  const { numUpdatedRows } = await db
    .updateTable('organization_members')
    .set({ role })
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .where('role', 'in', lower)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function signInRequired(): EscrowError {
  return new EscrowError('sign-in-required', 'Cannot accept the invitation: you have not signed in.');
}
