import type { CreatedToken, TokenScope } from '../../contract/types.ts';
import { EscrowError, type ErrorCode } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { SERVER_PLACE } from '../places.ts';
import { hashOfToken } from '../tokens/token-format.ts';
import { issueToken, type TokenLimits } from '../tokens/tokens.ts';
import { INTERVAL_SECONDS } from './request-login.ts';

/** Accepted before the interval is over: a request takes a time that varies. */
const EARLY_SECONDS = 1;

/**
 * Returns the token of a terminal once its login is approved: to one request, because another one could be that of a thief. Throws
 * `authorization-pending`, `slow-down`, `access-denied`, `expired-token`, and `request-unprocessable` if the user has too many tokens.
 */
export async function pollDeviceLogin(
  ledger: Ledger,
  deviceCode: string,
  limits?: TokenLimits,
): Promise<CreatedToken> {
  const result = await ledger.write(async (db) => {
    const row = await find(db, deviceCode);
    if (row === undefined) return 'expired-token';
    if (row.state === 'denied' || row.state === 'locked') return 'access-denied';
    if (row.state === 'approved') return takeToken(db, row, limits);
    return row.state === 'pending' ? wait(db, row) : 'expired-token';
  });
  if (typeof result === 'string') throw new EscrowError(result, DETAILS[result]);
  return result;
}

type Refusal = Extract<ErrorCode, 'authorization-pending' | 'slow-down' | 'access-denied' | 'expired-token'>;

const DETAILS: Readonly<Record<Refusal, string>> = {
  'authorization-pending': 'Cannot sign in yet: the login waits for approval.',
  'slow-down': 'Cannot sign in yet: the terminal asks more often than the interval permits.',
  'access-denied': 'Cannot sign in: the login was denied, or locked after too many wrong codes.',
  'expired-token': 'Cannot sign in: the login is unknown, was used, or has expired.',
};

async function find(db: Queries, deviceCode: string) {
  return db
    .selectFrom('device_logins')
    .selectAll()
    .select(ledgerTime(db).as('now'))
    .where('hash', '=', hashOfToken(deviceCode))
    .where('expires_at', '>', ledgerTime(db))
    .executeTakeFirst();
}

type Row = NonNullable<Awaited<ReturnType<typeof find>>>;

/** Counts the time between requests, as RFC 8628, section 3.5: each that is too early makes the interval longer. */
async function wait(
  db: Queries,
  { id, polled_at, interval_seconds, now }: Row,
): Promise<'authorization-pending' | 'slow-down'> {
  const passed = polled_at === null ? Infinity : (Date.parse(now) - Date.parse(polled_at)) / 1000;
  const isEarly = passed < interval_seconds - EARLY_SECONDS;
  await db
    .updateTable('device_logins')
    .set({ polled_at: now, interval_seconds: interval_seconds + (isEarly ? INTERVAL_SECONDS : 0) })
    .where('id', '=', id)
    .execute();
  return isEarly ? 'slow-down' : 'authorization-pending';
}

async function takeToken(
  db: Queries,
  { id, user_id, host_name, scopes }: Row,
  limits: TokenLimits | undefined,
): Promise<CreatedToken | 'access-denied' | 'expired-token'> {
  const user = await db
    .selectFrom('users')
    .select(['id', 'name'])
    .where('id', '=', user_id)
    .where('state', '=', 'active')
    .executeTakeFirst();
  if (user === undefined) return 'access-denied'; // suspended since the approval
  const taken = await db
    .updateTable('device_logins')
    .set({ state: 'used' })
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .executeTakeFirst();
  if (taken.numUpdatedRows !== 1n) return 'expired-token';
  const input = { name: `login ${host_name}`.slice(0, 100), scopes: JSON.parse(scopes) as [TokenScope] };
  const created = await issueToken(db, { userId: user.id }, input, limits);
  const { id: token, name, expires } = created.token;
  const data = { id: token, name, scopes: created.token.scopes, expires, user: user.name, login: id };
  await record(db, { type: 'token.created', by: user.name, data, place: SERVER_PLACE });
  return created;
}
