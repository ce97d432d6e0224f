import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { EscrowError } from '../../errors.ts';
import type { RateLimitStore } from '../../ledger/postgres/rate-limits.ts';
import type { ServerSettings } from '../configuration/server-settings.ts';

/** Seconds in which `anonymousRequests` are counted. */
const ANONYMOUS_SECONDS = 10;
/** Requests that a replica counts by itself before it counts in PostgreSQL: one of this many of the limit. */
const OWN_SHARE = 25;
/** Seconds after which wrong tokens of an address are forgotten. */
const WRONG_SECONDS = 300;
/** Wrong tokens of an address that are answered at once: a client may send an expired token a few times. */
const FREE = 3;
/** Delays of the answers to further ones, in milliseconds. Each is twice as long as the one before. */
const DELAYS = { first: 250, longest: 8000 };

/**
 * Limits of requests. The replicas of a server share their counts in PostgreSQL, in a table that is not written to disk. While
 * the table cannot be used, and on SQLite, each process counts separately. Requests of principals that send few of them are counted by
 * each replica only, because a write for each request would take longer than most requests.
 */
export class RequestLimits {
  readonly #known: RateLimiterAbstract;
  readonly #few: RateLimiterAbstract | undefined;
  readonly #anonymous: RateLimiterAbstract;
  readonly #public: RateLimiterAbstract;
  readonly #wrong: RateLimiterAbstract;

  constructor(
    {
      requestsPerSecond,
      anonymousRequests,
    }: Pick<ServerSettings['limits'], 'requestsPerSecond' | 'anonymousRequests'>,
    shared: RateLimitStore | undefined,
  ) {
    const limiter = (keyPrefix: string, points: number, duration: number): RateLimiterAbstract => {
      const memory = new RateLimiterMemory({ keyPrefix, points, duration });
      if (shared === undefined) return memory;
      const { pool, schemaName, tableName } = shared;
      return new RateLimiterPostgres({
        ...{ keyPrefix, points, duration, insuranceLimiter: memory, storeClient: pool, storeType: 'pool' },
        ...{ schemaName, tableName, tableCreated: true, inMemoryBlockOnConsumed: points + 1 },
      });
    };
    this.#known = limiter('known', requestsPerSecond, 1);
    const few = shared === undefined ? 0 : Math.floor(requestsPerSecond / OWN_SHARE);
    this.#few = few === 0 ? undefined : new RateLimiterMemory({ points: few, duration: 1 });
    this.#anonymous = limiter('anonymous', anonymousRequests, ANONYMOUS_SECONDS);
    this.#wrong = limiter('wrong', Number.MAX_SAFE_INTEGER - 1, WRONG_SECONDS);
    // Health checks must not depend on the database.
    this.#public = new RateLimiterMemory({ points: anonymousRequests, duration: ANONYMOUS_SECONDS });
  }

  /** Counts a request of a principal. Throws `too-many-requests`. */
  async countKnown(key: string): Promise<void> {
    if (this.#few === undefined || !(await permits(this.#few, key))) await consume(this.#known, key);
  }

  /** Counts a request without a valid token of a network. Throws `too-many-requests`. */
  async countAnonymous(network: string, isPublic: boolean): Promise<void> {
    await consume(isPublic ? this.#public : this.#anonymous, network);
  }

  /** Counts a wrong token of a network. Returns the time after which to answer, in milliseconds. */
  async countWrongToken(network: string): Promise<number> {
    const { consumedPoints } = await this.#wrong.penalty(network);
    return consumedPoints <= FREE
      ? 0
      : Math.min(DELAYS.longest, DELAYS.first * 2 ** Math.min(consumedPoints - FREE - 1, 16));
  }
}

/** Too many requests, and when the client may send the next one. */
export class TooManyRequests extends EscrowError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('too-many-requests', 'The server has received too many requests.');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

async function permits(limiter: RateLimiterAbstract, key: string): Promise<boolean> {
  try {
    await limiter.consume(key);
    return true;
  } catch (limited) {
    if (limited instanceof RateLimiterRes) return false;
    throw limited;
  }
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (limited) {
    if (!(limited instanceof RateLimiterRes)) throw limited;
    throw new TooManyRequests(Math.ceil(limited.msBeforeNext / 1000));
  }
}
