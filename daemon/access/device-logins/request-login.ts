import { randomUUID } from 'node:crypto';
import type { TokenScope } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { requestOrigin } from '../../ledger/request-origin.ts';
import { createSecretText } from '../sign-in/one-time-secret.ts';
import { hashOfToken } from '../tokens/token-format.ts';
import { createUserCode, formatUserCode, hashOfUserCode, lookupOf } from './user-code.ts';

/** Lifetime of the codes. */
export const CODE_SECONDS = 300;
/** Seconds between two requests of a terminal. */
export const INTERVAL_SECONDS = 5;
/** How long an ended login is kept, so that its terminal gets the reason. */
const KEPT_SECONDS = 3600;
const PENDING_MAX = 5000;
const PENDING_PER_ADDRESS = 100;
/** What a run needs. */
const DEFAULT_SCOPES: readonly TokenScope[] = ['read', 'launch'];

/** The codes of a new login. They are nowhere else. */
interface NewDeviceLogin {
  readonly deviceCode: string;
  readonly userCode: string;
}

/** Starts the login of a terminal, which a user has to approve. Anyone can do so. Throws `too-many-requests`. */
export async function requestDeviceLogin(
  ledger: Ledger,
  {
    hostName,
    scopes = DEFAULT_SCOPES,
  }: { readonly hostName: string; readonly scopes?: readonly TokenScope[] },
): Promise<NewDeviceLogin> {
  const address = requestOrigin.getStore()?.address ?? null;
  return ledger.write(async (db) => {
    await db.deleteFrom('device_logins').where('expires_at', '<=', ledgerTime(db, -KEPT_SECONDS)).execute();
    await assertBelowLimit(db, address);
    const id = randomUUID();
    const deviceCode = createSecretText();
    const code = await chooseCode(db);
    await db
      .insertInto('device_logins')
      .values({
        ...{ id, hash: hashOfToken(deviceCode), lookup: lookupOf(code), code_hash: hashOfUserCode(id, code) },
        ...{ address, host_name: hostName, scopes: JSON.stringify(scopes), state: 'pending' },
        ...{ wrong_codes: 0, interval_seconds: INTERVAL_SECONDS, created_at: ledgerTime(db) },
        expires_at: ledgerTime(db, CODE_SECONDS),
      })
      .execute();
    return { deviceCode, userCode: formatUserCode(code) };
  });
}

/** Ends the login of a terminal that was interrupted, so that nobody can approve it. Idempotent. */
export async function cancelDeviceLogin(ledger: Ledger, deviceCode: string): Promise<void> {
  await ledger.write((db) =>
    db
      .updateTable('device_logins')
      .set({ state: 'denied' })
      .where('hash', '=', hashOfToken(deviceCode))
      .where('state', 'in', ['pending', 'approved'])
      .execute(),
  );
}

/** Returns a code whose first half no other login has. */
async function chooseCode(db: Queries): Promise<string> {
  for (;;) {
    const code = createUserCode();
    const taken = await db
      .selectFrom('device_logins')
      .select('id')
      .where('lookup', '=', lookupOf(code))
      .executeTakeFirst();
    if (taken === undefined) return code; // there are 160,000 first halves, of which few are taken
  }
}

async function assertBelowLimit(db: Queries, address: string | null): Promise<void> {
  const pending = db
    .selectFrom('device_logins')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('expires_at', '>', ledgerTime(db));
  const { count: all } = await pending.executeTakeFirstOrThrow();
  const { count: own } = await pending.where('address', '=', address).executeTakeFirstOrThrow();
  if (all >= PENDING_MAX || own >= PENDING_PER_ADDRESS)
    throw new EscrowError('too-many-requests', 'Cannot start a login: too many logins wait for approval.', {
      hint: 'Retry in 5 minutes.',
    });
}
