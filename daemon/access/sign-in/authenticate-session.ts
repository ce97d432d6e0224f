import { ledgerTime } from '../../ledger/fragments.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { User } from '../principal.ts';
import { hashOfToken } from '../tokens/token-format.ts';
import { isSecretText } from './one-time-secret.ts';
import { RECENT_MINUTES, type ProvenIdentity, type SessionLimits } from './user-sessions.ts';

/** At most one write a minute and session records the last use. */
const USE_SECONDS = 60;

/** The session of a browser. */
export interface FoundSession {
  readonly id: string;
  /** Undefined: the person has no account yet. */
  readonly user: User | undefined;
  readonly isAdministrator: boolean;
  readonly identity: ProvenIdentity | undefined;
  /** Whether the person proved who they are a short time ago. */
  readonly isRecent: boolean;
  readonly authenticatedAt: string | null;
  readonly expiresAt: string;
}

/**
 * Returns the session of a cookie, and records the use. Undefined if it is unknown or has ended, or the user is suspended. All
 * replicas find it, because it is in the ledger.
 */
export async function authenticateSession(
  db: Queries,
  text: string,
  { idleMinutes }: SessionLimits,
): Promise<FoundSession | undefined> {
  if (!isSecretText(text)) return undefined; // without a query
  const idleSeconds = idleMinutes * 60;
  const row = await db
    .selectFrom('user_sessions')
    .leftJoin('users', 'users.id', 'user_sessions.user_id')
    .select(['user_sessions.id', 'user_sessions.user_id', 'users.name', 'users.state', 'users.administrator'])
    .select(['issuer', 'subject', 'user_sessions.email', 'authenticated_at', 'last_used_at', 'expires_at'])
    .select([ledgerTime(db, -USE_SECONDS).as('noted'), ledgerTime(db, -RECENT_MINUTES * 60).as('recent')])
    .where('hash', '=', hashOfToken(text))
    .where('expires_at', '>', ledgerTime(db))
    .where('last_used_at', '>', ledgerTime(db, -idleSeconds))
    .executeTakeFirst();
  if (row === undefined || (row.user_id !== null && row.state !== 'active')) return undefined;
  const { id, user_id, name, issuer, subject, email, authenticated_at, last_used_at, noted } = row;
  if (last_used_at <= noted)
    await db
      .updateTable('user_sessions')
      .set({ last_used_at: ledgerTime(db) })
      .where('id', '=', id)
      // Of several requests at the same time, one writes.
      .where('last_used_at', '<=', noted)
      .execute();
  return {
    id,
    user:
      user_id === null || name === null
        ? undefined
        : Object.freeze({ kind: 'user', id: user_id, user: name, session: { id, idleSeconds } }),
    isAdministrator: row.administrator === 1,
    identity: issuer === null || subject === null ? undefined : { issuer, subject, email },
    isRecent: authenticated_at !== null && authenticated_at > row.recent,
    authenticatedAt: authenticated_at,
    expiresAt: row.expires_at,
  };
}
