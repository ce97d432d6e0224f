import { createHmac } from 'node:crypto';
import type { Request } from 'express';
import { EscrowError } from '../../errors.ts';
import { keyOf, type Principal } from '../../access/principal.ts';
import {
  AlreadyHandledError,
  findReply,
  recordReply,
  type RepeatableRequest,
  type Remember,
} from '../../ledger/idempotency.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { KeyedMutex } from '../../system/keyed-mutex.ts';
import type { Operation } from './operation.ts';

/** Visible ASCII characters, so that a key can be logged and compared byte by byte. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** A request with an idempotency key. */
export interface IdempotentRequest extends RepeatableRequest {
  /** Records the response in the transaction of the effect. */
  readonly remember: Remember;
}

/** Requests with an `Idempotency-Key` header, whose repetitions have no second effect. */
export class IdempotentRequests {
  readonly #ledger: Ledger;
  readonly #readKey: () => Buffer | Promise<Buffer>;
  #key: Buffer | undefined;
  /** Requests with the same key are handled one after the other, so that the second finds the record of the first. */
  readonly #mutex = new KeyedMutex();

  /** `readKey` returns the key of the fingerprints. It is called at the first request that needs it. */
  constructor(ledger: Ledger, readKey: () => Buffer | Promise<Buffer>) {
    this.#ledger = ledger;
    this.#readKey = readKey;
  }

  /**
   * Returns the request if it has a key and its operation supports it. Each principal has its own keys. Throws
   * `request-invalid`, and the errors of `readKey`.
   */
  async read(
    { repeatable }: Operation,
    request: Request,
    body: unknown,
    principalOf: () => Principal,
  ): Promise<IdempotentRequest | undefined> {
    const key = request.get('Idempotency-Key');
    if (key === undefined || repeatable === undefined) return undefined;
    if (!KEY.test(key))
      throw new EscrowError(
        'request-invalid',
        'The header Idempotency-Key must have 1 to 255 visible ASCII characters.',
        { hint: 'Use a new UUID for each request.' },
      );
    const { method, path } = request;
    const repeated: RepeatableRequest = {
      principal: keyOf(principalOf()),
      route: `${method} ${path}`,
      key,
      fingerprint: await this.#fingerprint([method, request.originalUrl, body]),
    };
    return { ...repeated, remember: (db, reply) => recordReply(db, repeated, reply) };
  }

  /** Calls `repeat` with the record of an earlier request, or `first` without one. Throws `idempotency-key-reused`. */
  async run<T>(
    request: IdempotentRequest,
    first: () => Promise<T>,
    repeat: (remembered: unknown) => Promise<T>,
  ): Promise<T> {
    return this.#mutex.run(`${request.principal}\0${request.route}\0${request.key}`, async () => {
      const found = await findReply(this.#ledger.db, request);
      if (found !== undefined) return repeat(found.reply);
      try {
        return await first();
      } catch (error) {
        // An effect that was recorded may fail later, and its error is the response.
        if (!(error instanceof AlreadyHandledError)) throw error;
        const other = await findReply(this.#ledger.db, request);
        if (other === undefined) throw error;
        return repeat(other.reply);
      }
    });
  }

  async #fingerprint(content: unknown): Promise<string> {
    this.#key ??= await this.#readKey();
    return createHmac('sha256', this.#key)
      .update(JSON.stringify(sorted(content)))
      .digest('base64url');
  }
}

/** Sorts the properties of objects: their order is not part of JSON's content. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, one]) => [key, sorted(one)]);
}
