import { pageOf, readCursor, type Page, type PageRequest } from '../../contract/page.ts';
import type { Invitation } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { authorize } from '../authorize.ts';
import { SERVER_PLACE } from '../places.ts';
import type { Principal } from '../principal.ts';
import { hashOfToken } from '../tokens/token-format.ts';

const COLLECTION = 'invitations';

/** Lists the open invitations of the server, newest first. Throws `cursor-invalid`. */
export async function listInvitations(
  db: Queries,
  { limit, cursor }: PageRequest,
): Promise<Page<Invitation>> {
  const after = readCursor(COLLECTION, cursor, ['string', 'string']);
  let query = selectInvitations(db).where('invitations.expires_at', '>', ledgerTime(db));
  if (after !== undefined)
    query = query.where((where) =>
      where.or([
        where('invitations.created_at', '<', after[0]),
        where.and([where('invitations.created_at', '=', after[0]), where('invitations.id', '<', after[1])]),
      ]),
    );
  const rows = await query
    .orderBy('invitations.created_at', 'desc')
    .orderBy('invitations.id', 'desc')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ id, created_at }) => [created_at, id]);
  return { items: items.map(describeInvitation), ...next };
}

/** Revokes an invitation, whose link is then void. Throws `invitation-not-found`, `not-permitted`. */
export async function revokeInvitation(ledger: Ledger, by: Principal, id: string): Promise<void> {
  await ledger.write(async (db) => {
    await authorize(db, by, 'invitations:revoke', 'server');
    const row = await selectInvitations(db)
      .where('invitations.id', '=', id)
      .where('invitations.expires_at', '>', ledgerTime(db))
      .executeTakeFirst();
    if (row === undefined)
      throw new EscrowError(
        'invitation-not-found',
        `There is no open invitation with the id ${id.slice(0, 80)}.`,
      );
    await db.deleteFrom('invitations').where('id', '=', id).execute();
    await record(db, {
      type: 'invitation.revoked',
      by: by.user,
      data: { id, email: row.email },
      place: SERVER_PLACE,
    });
  });
}

/** Returns the open invitation of a link. Reading does not consume it. Throws `invitation-invalid`. */
export async function findInvitation(db: Queries, secret: string): Promise<InvitationRow> {
  const row = await selectInvitations(db)
    .where('invitations.hash', '=', hashOfToken(secret))
    .where('invitations.expires_at', '>', ledgerTime(db))
    .executeTakeFirst();
  if (row === undefined) throw invitationInvalid();
  return row;
}

/** Creates the error of every link that cannot be used. It does not say why. */
export function invitationInvalid(): EscrowError {
  return new EscrowError(
    'invitation-invalid',
    'Cannot use the invitation: it is unknown, was used or revoked, or has expired.',
  );
}

/** Returns the query of all invitations. */
export function selectInvitations(db: Queries) {
  return db
    .selectFrom('invitations')
    .leftJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .selectAll('invitations')
    .select('organizations.name as organization');
}

/** An open invitation with the name of its organization. */
export type InvitationRow = Awaited<ReturnType<ReturnType<typeof selectInvitations>['execute']>>[number];

/** Returns an invitation as the API shows it. */
export function describeInvitation(row: InvitationRow): Invitation {
  return {
    ...{ id: row.id, email: row.email, user: row.user_name, administrator: row.administrator === 1 },
    ...{ organization: row.organization, role: row.role, invitedBy: row.invited_by },
    ...{ dateCreated: row.created_at, expires: row.expires_at },
  };
}
