import { randomUUID } from 'node:crypto';
import type { UserSession, UserSessionList } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { requestOrigin } from '../../ledger/request-origin.ts';
import { findUser } from '../accounts/users.ts';
import { authorize } from '../authorize.ts';
import { SERVER_PLACE } from '../places.ts';
import type { Principal } from '../principal.ts';
import { hashOfToken } from '../tokens/token-format.ts';
import { createSecretText } from './one-time-secret.ts';

/** When sessions end. */
export interface SessionLimits {
  /** Minutes after the last request. */
  readonly idleMinutes: number;
  /** Hours after the sign-in. */
  readonly lifetimeHours: number;
}

/** Minutes after a sign-in in which a person may approve something. */
export const RECENT_MINUTES = 10;
/** Hours in which a person without an account can accept an invitation. */
const WITHOUT_ACCOUNT_HOURS = 1;
const PER_USER = 50;

/** Who an identity provider says that a person is. */
export interface ProvenIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** Normalized. Null unless the provider has verified it. */
  readonly email: string | null;
}

/** A session that starts. */
interface NewSession {
  /** Null: the person has no account yet. */
  readonly user: { readonly id: string; readonly name: string } | null;
  readonly identity?: ProvenIdentity | undefined;
  readonly method: UserSession['method'];
  /** When the person proved who they are; null if that is not known. `now`: by the clock of the ledger. */
  readonly authenticatedAt: string | null;
  /** Id of the session of the browser until now, which ends. A session that somebody else has planted gives access to nothing. */
  readonly replaces?: string | undefined;
}

/** Starts a session in a transaction of the caller. Returns its secret, which the cookie of the browser contains. */
export async function startSession(
  db: Queries,
  { user, identity, method, authenticatedAt, replaces }: NewSession,
  { lifetimeHours }: SessionLimits,
): Promise<string> {
  if (replaces !== undefined) await db.deleteFrom('user_sessions').where('id', '=', replaces).execute();
  await db.deleteFrom('user_sessions').where('expires_at', '<=', ledgerTime(db)).execute();
  if (user !== null) await dropOldest(db, user.id);
  const text = createSecretText();
  const id = randomUUID();
  const hours = user === null ? Math.min(WITHOUT_ACCOUNT_HOURS, lifetimeHours) : lifetimeHours;
  await db
    .insertInto('user_sessions')
    .values({
      ...{ id, hash: hashOfToken(text), user_id: user?.id ?? null, method },
      ...{
        issuer: identity?.issuer ?? null,
        subject: identity?.subject ?? null,
        email: identity?.email ?? null,
      },
      created_at: ledgerTime(db),
      authenticated_at: authenticatedAt === 'now' ? ledgerTime(db) : authenticatedAt,
      last_used_at: ledgerTime(db),
      expires_at: ledgerTime(db, hours * 3600),
      address: requestOrigin.getStore()?.address ?? null,
    })
    .execute();
  if (user !== null)
    await record(db, { type: 'session.started', by: user.name, data: { id, method }, place: SERVER_PLACE });
  return text;
}

/** Ends the session of a browser. Idempotent. */
export async function endSession(ledger: Ledger, id: string): Promise<void> {
  await ledger.write(async (db) => {
    const ended = await db
      .deleteFrom('user_sessions')
      .where('id', '=', id)
      .returning('user_id')
      .executeTakeFirst();
    if (ended === undefined || ended.user_id === null) return;
    const by = await nameOf(db, ended.user_id);
    await record(db, { type: 'session.ended', by, data: { id }, place: SERVER_PLACE });
  });
}

/** Lists the sessions of the person who asks, newest first. Throws `not-permitted`. */
export async function listSessions(
  db: Queries,
  by: Principal,
  { idleMinutes }: SessionLimits,
): Promise<UserSessionList> {
  await authorize(db, by, 'sessions:read', 'self');
  if (by.kind !== 'user') return { sessions: [] };
  const rows = await db
    .selectFrom('user_sessions')
    .select(['id', 'method', 'address', 'created_at', 'last_used_at', 'expires_at'])
    .where('user_id', '=', by.id)
    .where('expires_at', '>', ledgerTime(db))
    .where('last_used_at', '>', ledgerTime(db, -idleMinutes * 60))
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute();
  const sessions = rows.map(({ id, method, address, created_at, last_used_at, expires_at }) => ({
    ...{ id, method, address, dateCreated: created_at, lastUsed: last_used_at, expires: expires_at },
    isCurrent: id === by.session?.id,
  }));
  return { sessions };
}

/** Ends one session of the person who asks, or all of them. Throws `session-not-found`, `not-permitted`. */
export async function revokeSessions(ledger: Ledger, by: Principal, id?: string): Promise<void> {
  await ledger.write(async (db) => {
    await authorize(db, by, 'sessions:revoke', 'self');
    if (by.kind !== 'user') return; // `authorize` has refused all others but the machine user, who has no sessions
    const count = await removeSessions(db, by.id, id);
    if (count === 0 && id !== undefined)
      throw new EscrowError('session-not-found', `You have no session with the id ${id.slice(0, 80)}.`);
    const data = { user: by.user, count, ...(id === undefined ? {} : { id }) };
    await record(db, { type: 'session.revoked', by: by.user, data, place: SERVER_PLACE });
  });
}

/** Ends all sessions of a user, for an administrator. Throws `user-not-found`, `not-permitted`. */
export async function revokeSessionsOf(ledger: Ledger, by: Principal, name: string): Promise<void> {
  await ledger.write(async (db) => {
    await authorize(db, by, 'users:write', 'server');
    const { id } = await findUser(db, name);
    const count = await removeSessions(db, id);
    await record(db, {
      ...{ type: 'session.revoked', by: by.user, data: { user: name, count }, place: SERVER_PLACE },
    });
  });
}

async function removeSessions(db: Queries, user: string, id?: string): Promise<number> {
  let query = db.deleteFrom('user_sessions').where('user_id', '=', user);
  if (id !== undefined) query = query.where('id', '=', id);
  return Number((await query.executeTakeFirst()).numDeletedRows);
}

/** Ends the sessions of a user that were not used for the longest time, so that another one can start. */
async function dropOldest(db: Queries, user: string): Promise<void> {
  const kept = db
    .selectFrom('user_sessions')
    .select('id')
    .where('user_id', '=', user)
    .orderBy('last_used_at', 'desc')
    .limit(PER_USER - 1);
  await db.deleteFrom('user_sessions').where('user_id', '=', user).where('id', 'not in', kept).execute();
}

async function nameOf(db: Queries, id: string): Promise<string> {
  return (await db.selectFrom('users').select('name').where('id', '=', id).executeTakeFirstOrThrow()).name;
}
