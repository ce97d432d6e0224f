import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import { pageOf, readCursor, type Page, type PageRequest } from '../../contract/page.ts';
import type { User } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import type { Tables } from '../../ledger/tables.ts';
import { authorize } from '../authorize.ts';
import { assertNotLastOwner } from '../members/last-owner.ts';
import { SERVER_PLACE } from '../places.ts';
import type { Principal } from '../principal.ts';

const COLLECTION = 'users';

/** A new account of a person. */
export interface NewUser {
  readonly name: string;
  readonly email?: string | null;
  readonly administrator?: boolean;
}

/**
 * Creates the account of a person, in a transaction of the caller, who has checked that this is permitted. Throws `name-taken`.
 * Returns its id.
 */
export async function createUser(
  db: Queries,
  by: string,
  { name, email = null, administrator = false }: NewUser,
): Promise<string> {
  const id = randomUUID();
  const inserted = await db
    .insertInto('users')
    .values({
      id,
      name,
      email,
      administrator: administrator ? 1 : 0,
      state: 'active',
      created_at: ledgerTime(db),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows !== 1n)
    throw new EscrowError('name-taken', `Cannot create the user "${name}": it already exists.`);
  await record(db, { type: 'user.created', by, data: { name, administrator }, place: SERVER_PLACE });
  return id;
}

/** Lists the users of the server by name. Throws `cursor-invalid`. */
export async function listUsers(db: Queries, { limit, cursor }: PageRequest): Promise<Page<User>> {
  const [after] = readCursor(COLLECTION, cursor, ['string']) ?? [];
  let query = db.selectFrom('users').selectAll();
  if (after !== undefined) query = query.where('name', '>', after);
  const rows = await query
    .orderBy('name')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ name }) => [name]);
  return { items: items.map(describe), ...next };
}

/**
 * Suspends or resumes a user. All requests of a suspended user are refused from the next one on, and their sessions and sign-in links
 * end; tokens and memberships are kept. Nobody can suspend themselves, so that one administrator remains. Throws `user-not-found`,
 * `last-owner`, `not-permitted`.
 */
export async function setUserState(
  ledger: Ledger,
  by: Principal,
  name: string,
  state: User['state'],
): Promise<User> {
  return ledger.write(async (db) => {
    await authorize(db, by, 'users:write', 'server');
    if (by.kind === 'user' && by.user === name && state === 'suspended')
      throw new EscrowError('not-permitted', `Cannot suspend the user "${name}": this is your own account.`, {
        hint: 'Ask another administrator.',
      });
    const { id, state: before } = await findUser(db, name);
    if (before !== state) {
      if (state === 'suspended') await endAccess(db, { id, name });
      await db.updateTable('users').set({ state }).where('id', '=', id).execute();
      const type = state === 'suspended' ? 'user.suspended' : 'user.resumed';
      await record(db, { type, by: by.user, data: { name }, place: SERVER_PLACE });
    }
    return describe(await findUser(db, name));
  });
}

/** Ends what would otherwise be valid again when the user is resumed. Tokens are kept: the user cannot get the same ones again. */
async function endAccess(db: Queries, user: { readonly id: string; readonly name: string }): Promise<void> {
  await assertNotLastOwner(db, user);
  await db.deleteFrom('user_sessions').where('user_id', '=', user.id).execute();
  await db.deleteFrom('sign_in_links').where('user_id', '=', user.id).execute();
  await db
    .updateTable('device_logins')
    .set({ state: 'denied' })
    .where('user_id', '=', user.id)
    .where('state', '=', 'approved')
    .execute();
}

/** Finds a user by name. Throws `user-not-found`. */
export async function findUser(db: Queries, name: string): Promise<Selectable<Tables['users']>> {
  const found = await db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst();
  if (found !== undefined) return found;
  throw new EscrowError('user-not-found', `There is no user "${name.slice(0, 80)}".`);
}

function describe({ name, email, administrator, state, created_at }: Selectable<Tables['users']>): User {
  return { name, email, administrator: administrator === 1, state, dateCreated: created_at };
}
