import { timingSafeEqual } from 'node:crypto';
import type { TokenScope } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { authorize } from '../authorize.ts';
import { SERVER_PLACE } from '../places.ts';
import type { Principal } from '../principal.ts';
import { RECENT_MINUTES } from '../sign-in/user-sessions.ts';
import { hashOfUserCode, lookupOf, readUserCode } from './user-code.ts';

const WRONG_MAX = 5;

/** A login that waits for approval, as its approver sees it. */
interface PendingLogin {
  readonly id: string;
  readonly hostName: string;
  readonly address: string | null;
  readonly scopes: readonly TokenScope[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly now: string;
}

/** Returns the login of a code that a user has typed. Changes nothing but the number of wrong codes. Throws as `decide`. */
export async function findDeviceLogin(ledger: Ledger, by: Principal, text: string): Promise<PendingLogin> {
  return decide(ledger, by, text, () => Promise.resolve());
}

/**
 * Approves a login: its terminal gets a token of the user. Requires a recent sign-in. Of several approvals, one succeeds. Throws
 * `sign-in-not-recent`, and as `decide`.
 */
export async function approveDeviceLogin(ledger: Ledger, by: Principal, text: string): Promise<void> {
  await decide(ledger, by, text, async (db, login) => {
    await assertRecent(db, by);
    await db
      .updateTable('device_logins')
      .set({ state: 'approved', user_id: by.kind === 'user' ? by.id : '' })
      .where('id', '=', login.id)
      .execute();
    await recordDecision(db, by, 'device-login.approved', login);
  });
}

/** Denies a login. Its terminal gets no token. Throws as `decide`. */
export async function denyDeviceLogin(ledger: Ledger, by: Principal, text: string): Promise<void> {
  await decide(ledger, by, text, async (db, login) => {
    await db.updateTable('device_logins').set({ state: 'denied' }).where('id', '=', login.id).execute();
    await recordDecision(db, by, 'device-login.denied', login);
  });
}

/**
 * Finds the login of a code and decides on it in one transaction. A wrong code counts against the login that its first half names,
 * which is locked after 5 of them. Throws `not-permitted`, `unauthenticated`, `user-code-invalid`.
 */
async function decide(
  ledger: Ledger,
  by: Principal,
  text: string,
  change: (db: Queries, login: PendingLogin) => Promise<void>,
): Promise<PendingLogin> {
  const found = await ledger.write(async (db) => {
    await authorize(db, by, 'approvals:create', 'self');
    const code = readUserCode(text);
    const row = code === undefined ? undefined : await findPending(db, code);
    if (row === undefined || code === undefined) return undefined;
    if (!isEqual(hashOfUserCode(row.id, code), row.code_hash)) {
      await countWrong(db, by, row); // the transaction is committed, and the error follows
      return undefined;
    }
    const login = describe(row);
    await change(db, login);
    return login;
  });
  if (found !== undefined) return found;
  throw new EscrowError(
    'user-code-invalid',
    'Cannot find the login: the code is wrong, was used or denied, or has expired.',
  );
}

async function findPending(db: Queries, code: string) {
  return db
    .selectFrom('device_logins')
    .selectAll()
    .select(ledgerTime(db).as('now'))
    .where('lookup', '=', lookupOf(code))
    .where('state', '=', 'pending')
    .where('expires_at', '>', ledgerTime(db))
    .executeTakeFirst();
}

type Row = NonNullable<Awaited<ReturnType<typeof findPending>>>;

async function countWrong(db: Queries, by: Principal, row: Row): Promise<void> {
  const wrong = row.wrong_codes + 1;
  const isLocked = wrong >= WRONG_MAX;
  await db
    .updateTable('device_logins')
    .set({ wrong_codes: wrong, ...(isLocked ? { state: 'locked' as const } : {}) })
    .where('id', '=', row.id)
    .execute();
  if (isLocked) await recordDecision(db, by, 'device-login.locked', describe(row));
}

async function assertRecent(db: Queries, by: Principal): Promise<void> {
  const session = by.kind === 'user' ? by.session : undefined;
  const recent =
    session === undefined
      ? undefined
      : await db
          .selectFrom('user_sessions')
          .select('id')
          .where('id', '=', session.id)
          .where('authenticated_at', '>', ledgerTime(db, -RECENT_MINUTES * 60))
          .executeTakeFirst();
  if (recent === undefined)
    throw new EscrowError('sign-in-not-recent', 'Cannot approve the login: you must sign in again first.');
}

function describe({ id, host_name, address, scopes, created_at, expires_at, now }: Row): PendingLogin {
  return {
    ...{ id, hostName: host_name, address, scopes: JSON.parse(scopes) as TokenScope[] },
    ...{ createdAt: created_at, expiresAt: expires_at, now },
  };
}

async function recordDecision(
  db: Queries,
  by: Principal,
  type: string,
  { id, hostName, address, scopes }: PendingLogin,
): Promise<void> {
  const data = { id, host: hostName, address, scopes };
  await record(db, { type, by: by.user, data, place: SERVER_PLACE });
}

function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other)); // both are hashes in base64url
}
