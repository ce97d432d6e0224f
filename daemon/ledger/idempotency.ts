import type { RawBuilder } from 'kysely';
import { EscrowError } from '../errors.ts';
import { ledgerTime } from './fragments.ts';
import type { Queries } from './ledger.ts';

/** A request that its client may repeat. */
export interface RepeatableRequest {
  readonly principal: string;
  /** Method and path. */
  readonly route: string;
  /** Chosen by the client. */
  readonly key: string;
  /** Keyed hash of the request. */
  readonly fingerprint: string;
}

/** Records what a repetition of the request needs. It must contain no secret value and no token. */
export type Remember = (db: Queries, reply: unknown) => Promise<void>;

/** For requests without an idempotency key. */
export const rememberNothing: Remember = () => Promise.resolve();

/** How long a repetition returns the first response. */
const REMEMBERED_HOURS = 24;

/** Returns what an earlier request with this key recorded, if any. Throws `idempotency-key-reused` if it was another request. */
export async function findReply(
  db: Queries,
  { principal, route, key, fingerprint }: RepeatableRequest,
): Promise<{ readonly reply: unknown } | undefined> {
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['fingerprint', 'reply'])
    .where('principal', '=', principal)
    .where('route', '=', route)
    .where('key', '=', key)
    .where('created_at', '>=', oldest(db))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.fingerprint !== fingerprint)
    throw new EscrowError(
      'idempotency-key-reused',
      'Cannot accept the request: an earlier request with this Idempotency-Key had different content.',
    );
  return { reply: JSON.parse(row.reply) as unknown };
}

/** Another replica has handled the same request at the same time. */
export class AlreadyHandledError extends Error {
  constructor() {
    super('another process has handled the same request');
  }
}

/**
 * Records a request in the transaction of its effect, so that both exist or neither. Deletes expired records. Throws
 * `AlreadyHandledError`, which rolls the transaction back.
 */
export async function recordReply(db: Queries, request: RepeatableRequest, reply: unknown): Promise<void> {
  await db.deleteFrom('idempotency_keys').where('created_at', '<', oldest(db)).execute();
  const recorded = await db
    .insertInto('idempotency_keys')
    .values({ ...request, reply: JSON.stringify(reply), created_at: ledgerTime(db) })
    .onConflict((conflict) => conflict.columns(['principal', 'route', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst();
  if (recorded === undefined) throw new AlreadyHandledError();
}

function oldest(db: Queries): RawBuilder<string> {
  return ledgerTime(db, -REMEMBERED_HOURS * 3600);
}
