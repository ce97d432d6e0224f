import { hkdfSync } from 'node:crypto';
import type { Keys } from '../vault/keys/keys.ts';

/**
 * The key of request fingerprints. Derived from the vault key, so that all replicas have the same one. After a rekey, a repeated
 * request with an old idempotency key is refused instead of being carried out twice.
 */
export class RequestKey {
  readonly #keys: Keys;
  #bytes: Buffer | undefined;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  /** Returns the key, which stays the same until the process exits. Throws errors of keys. */
  async read(): Promise<Buffer> {
    if (this.#bytes !== undefined) return this.#bytes;
    const { id, bytes } = await this.#keys.current(false);
    return (this.#bytes ??= Buffer.from(hkdfSync('sha256', bytes, id, 'nf-escrow request fingerprints', 32)));
  }
}
