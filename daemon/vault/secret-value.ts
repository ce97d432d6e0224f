import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A secret's value. Whatever prints it, by JSON, string conversion or inspection, prints `[secret]`; only `open` gives
 * the bytes, and it is called in as few places as can be counted on a hand.
 */
export class SecretValue {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  /** The exact bytes. The caller must not keep, print or pass them to anything but their destination. */
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
