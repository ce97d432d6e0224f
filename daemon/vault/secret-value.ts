import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A secret's value. JSON, string conversion and `util.inspect` print `[secret]`. Only `open` returns the bytes; keep its
 * call sites few.
 */
export class SecretValue {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  /** Returns the exact bytes. The caller passes them to their destination only, and neither keeps nor prints them. */
  open(): Buffer {
    return this.#bytes;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }

  get [Symbol.toStringTag](): string {
    return SHOWN;
  }
}
