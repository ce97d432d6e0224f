import { randomUUID } from 'node:crypto';
import type { Invitation, InvitationInput } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { SERVER_PLACE } from '../places.ts';
import type { Principal } from '../principal.ts';
import { normalizeAddress } from '../sign-in/mail-address.ts';
import { createSecretText } from '../sign-in/one-time-secret.ts';
import { hashOfToken } from '../tokens/token-format.ts';
import { assertMayInvite } from './assert-may-invite.ts';
import { describeInvitation, selectInvitations } from './invitations.ts';

const DEFAULT_DAYS = 7;
/** Open invitations of the server: an administrator cannot fill the ledger. */
const OPEN_MAX = 10_000;

/** A new invitation, whose secret is nowhere else. */
interface NewInvitation {
  readonly secret: string;
  readonly invitation: Invitation;
}

/** What an invitation is for. `userId`: an existing account, which only an operator can name. */
interface Offer extends InvitationInput {
  readonly userId?: string;
}

/**
 * Invites a person. Requires a session of an administrator, who must also be able to add members to the organization. Throws
 * `organization-not-found`, `name-taken`, `request-unprocessable`, `not-permitted`.
 */
export async function createInvitation(
  ledger: Ledger,
  by: Principal,
  input: InvitationInput,
): Promise<NewInvitation> {
  return ledger.write(async (db) => {
    await assertMayInvite(db, by, input);
    return issueInvitation(db, { name: by.user, id: by.kind === 'user' ? by.id : null }, input);
  });
}

/**
 * Creates an invitation in a transaction of the caller, who has checked that this is permitted. Throws `name-taken`,
 * `request-unprocessable`, `organization-not-found`.
 */
export async function issueInvitation(
  db: Queries,
  by: { readonly name: string; readonly id: string | null },
  { email, user, userId, administrator = false, organization, role, expiresInDays = DEFAULT_DAYS }: Offer,
): Promise<NewInvitation> {
  const address = normalizeAddress(email);
  if (address === undefined)
    throw new EscrowError('request-unprocessable', 'Cannot invite the person: the address is not valid.', {
      hint: 'Use an address in ASCII, such as ada@example.org.',
    });
  if ((organization === undefined) !== (role === undefined))
    throw new EscrowError(
      'request-unprocessable',
      'Cannot invite the person: an organization requires a role, and a role requires an organization.',
      {
        hint: 'Set both, or neither.',
      },
    );
  if (user !== undefined && userId === undefined) await assertFree(db, user);
  await deleteExpired(db);
  await assertBelowLimit(db);
  const secret = createSecretText();
  const id = randomUUID();
  await db
    .insertInto('invitations')
    .values({
      ...{ id, hash: hashOfToken(secret), email: address, user_name: user ?? null, user_id: userId ?? null },
      administrator: administrator ? 1 : 0,
      organization_id: organization === undefined ? null : await organizationId(db, organization),
      role: role ?? null,
      ...{ invited_by: by.name, invited_by_id: by.id, created_at: ledgerTime(db) },
      expires_at: ledgerTime(db, expiresInDays * 24 * 3600),
    })
    .execute();
  const invitation = describeInvitation(
    await selectInvitations(db).where('invitations.id', '=', id).executeTakeFirstOrThrow(),
  );
  await record(db, { type: 'invitation.created', by: by.name, data: { ...invitation }, place: SERVER_PLACE });
  return { secret, invitation };
}

async function deleteExpired(db: Queries): Promise<void> {
  await db.deleteFrom('invitations').where('expires_at', '<=', ledgerTime(db)).execute();
}

async function assertBelowLimit(db: Queries): Promise<void> {
  const { count } = await db
    .selectFrom('invitations')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (count >= OPEN_MAX)
    throw new EscrowError(
      'request-unprocessable',
      `Cannot create another invitation: ${String(OPEN_MAX)} are open, which is the maximum.`,
      { hint: 'Revoke invitations first.' },
    );
}

async function assertFree(db: Queries, name: string): Promise<void> {
  const found = await db.selectFrom('users').select('id').where('name', '=', name).executeTakeFirst();
  if (found !== undefined)
    throw new EscrowError('name-taken', `Cannot invite the person as "${name}": the user already exists.`);
}

async function organizationId(db: Queries, name: string): Promise<string> {
  const found = await db.selectFrom('organizations').select('id').where('name', '=', name).executeTakeFirst();
  if (found !== undefined) return found.id;
  throw new EscrowError('organization-not-found', `There is no organization "${name.slice(0, 80)}".`);
}
