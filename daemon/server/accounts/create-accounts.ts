import { randomUUID } from 'node:crypto';
import { createUser, findUser, type NewUser } from '../../access/accounts/users.ts';
import { SERVER_PLACE } from '../../access/places.ts';
import { assertNotReserved } from '../../access/reserved-names.ts';
import { findWorkspace } from '../../access/scopes.ts';
import { issueToken, TOKEN_LIMITS } from '../../access/tokens/tokens.ts';
import type { CreatedToken, TokenInput } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { operatorName } from './operator.ts';

/** All scopes that a token can have. */
const ALL_SCOPES: TokenInput['scopes'] = ['read', 'launch', 'secrets:write', 'manage'];

/** The row of `meta` with the id of the first administrator. Its primary key decides between concurrent inserts. */
const FIRST = 'first-administrator';

/** The first account of a server. */
export interface FirstAdministrator {
  readonly name: string;
  /** The organization that the administrator owns. It is created if it does not exist. */
  readonly organization: string;
}

/**
 * Creates the first administrator of a server, with a token that has all scopes and the longest lifetime. Call it in a transaction.
 * Of several processes that call it at once, one succeeds. Throws `administrator-exists`, `name-taken`. Returns the text of the token.
 */
export async function createFirstAdministrator(
  db: Queries,
  { name, organization }: FirstAdministrator,
): Promise<string> {
  const by = operatorName();
  await takeFirst(db);
  const id = await createUser(db, by, { name, administrator: true });
  await db.updateTable('meta').set({ value: id }).where('key', '=', FIRST).execute();
  await own(db, by, organization, { id, name });
  const { text, token } = await issueToken(
    db,
    { userId: id },
    { name: 'first administrator', scopes: ALL_SCOPES, expiresInDays: TOKEN_LIMITS.maxDays },
  );
  await recordToken(db, by, name, token);
  return text;
}

/** First statement of the transaction: on SQLite it takes the lock, on PostgreSQL it waits for other processes that create one. */
async function takeFirst(db: Queries): Promise<void> {
  const inserted = await db
    .insertInto('meta')
    .values({ key: FIRST, value: '' })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('key')
    .executeTakeFirst();
  if (inserted === undefined)
    throw new EscrowError(
      'administrator-exists',
      'Cannot create the first administrator: the server already has one.',
    );
}

/** Makes a user an owner of an organization. */
async function own(
  db: Queries,
  by: string,
  organization: string,
  user: { readonly id: string; readonly name: string },
): Promise<void> {
  await assertNotReserved(db, { name: organization }, `the organization "${organization}"`);
  const now = ledgerTime(db);
  const created = await db
    .insertInto('organizations')
    .values({ id: randomUUID(), name: organization, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (created.numInsertedOrUpdatedRows === 1n)
    await record(db, {
      type: 'organization.created',
      by,
      data: { name: organization },
      place: organization,
    });
  const { id } = await db
    .selectFrom('organizations')
    .select('id')
    .where('name', '=', organization)
    .executeTakeFirstOrThrow();
  await db
    .insertInto('organization_members')
    .values({ organization_id: id, user_id: user.id, role: 'owner', added_at: now })
    .execute();
  const data = { organization, user: user.name, role: 'owner' };
  await record(db, { type: 'organization.member-added', by, data, place: organization });
}

/** Creates a user. Call it in a transaction. Throws `name-taken`. */
export async function createUserAsOperator(db: Queries, user: NewUser): Promise<void> {
  await createUser(db, operatorName(), user);
}

/** A token that an operator creates for a user. */
export type OperatorToken = Omit<TokenInput, 'serviceAccount'> & { readonly user: string };

/**
 * Creates a token of a user. Call it in a transaction. Throws `user-not-found`, `workspace-not-found`, `request-unprocessable`,
 * and `not-permitted` if the user is suspended.
 */
export async function createTokenAsOperator(
  db: Queries,
  { user, workspace, ...input }: OperatorToken,
): Promise<CreatedToken> {
  const { id, state } = await findUser(db, user);
  if (state !== 'active')
    throw new EscrowError('not-permitted', `Cannot create a token of "${user}": the user is suspended.`, {
      hint: `Resume the user first: nf-escrow users resume ${user}`,
    });
  // As that user: a workspace that the user may not see gives the token access to nothing.
  const by = { kind: 'user', id, user } as const;
  const workspaceId = workspace === undefined ? null : (await findWorkspace(db, workspace, by)).id;
  const created = await issueToken(db, { userId: id }, { ...input, workspaceId });
  await recordToken(db, operatorName(), user, created.token);
  return created;
}

async function recordToken(
  db: Queries,
  by: string,
  user: string,
  { id, name, scopes, expires }: CreatedToken['token'],
): Promise<void> {
  const data = { id, name, scopes, expires, user };
  await record(db, { type: 'token.created', by, data, place: SERVER_PLACE });
}
