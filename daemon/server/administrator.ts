import { createHash, randomBytes } from 'node:crypto';
import { machineUser, type Principal } from '../access/principal.ts';
import { EscrowError } from '../errors.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';

/*
 * The only account of a server until access/ has users and tokens. The server knows accounts through the two functions of this
 * file; their replacements have the same signatures.
 */

/** The row of `meta` with the hash of the administrator's token. Its primary key decides between concurrent inserts. */
const ROW = 'server-administrator';
const PREFIX = 'nfe_';
const TOKEN = /^nfe_[A-Za-z0-9_-]{43}$/;

/** Returns a token of 256 random bits. */
export function newToken(): string {
  return `${PREFIX}${randomBytes(32).toString('base64url')}`;
}

/**
 * Creates the first administrator of a server with a token, of which the ledger contains only the hash. If several processes call it
 * at once, one succeeds. `prepare` is called in the transaction: if it fails, there is no administrator. Returns its result. Throws
 * `administrator-exists`.
 */
export async function createFirstAdministrator<T>(
  ledger: Pick<Ledger, 'write'>,
  token: string,
  prepare: () => Promise<T>,
): Promise<T> {
  const created = await ledger.write(async (db) => {
    const inserted = await db
      .insertInto('meta')
      .values({ key: ROW, value: hashOf(token) })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .returning('key')
      .executeTakeFirst();
    return inserted === undefined ? undefined : { result: await prepare() };
  });
  if (created !== undefined) return created.result;
  throw new EscrowError(
    'administrator-exists',
    'Cannot create the first administrator: the server already has one.',
  );
}

/** Returns the principal of a token, or undefined if it is not valid. `_address`: where the token is used. */
export async function authenticateToken(
  db: Queries,
  token: string,
  _address: string | undefined,
): Promise<Principal | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const row = await db
    .selectFrom('meta')
    .select('key')
    .where('key', '=', ROW)
    .where('value', '=', hashOf(token))
    .executeTakeFirst();
  return row === undefined ? undefined : machineUser();
}

/** Hashed before the comparison: how long it takes tells nothing about the token. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
