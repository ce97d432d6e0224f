import { MatchStream, SHORT_SLICE } from './match-stream.ts';
import type { NeedleSet } from './needles/needle-set.ts';

/** Replaces the values of secrets in a stream by `***NAME***`. */
export class Redactor {
  readonly #stream: MatchStream;
  #out: Buffer[] = [];

  constructor(set: NeedleSet, slice?: number) {
    const sink = {
      text: (bytes: Uint8Array) => this.#out.push(Buffer.from(bytes)),
      begin: (secret: string) => this.#out.push(set.labels.get(secret) ?? Buffer.alloc(0)),
      extend: () => undefined,
    };
    this.#stream = new MatchStream(set, sink, slice);
  }

  /** Takes the next bytes and returns redacted ones. The last few bytes are held back. */
  push(chunk: Uint8Array): Buffer[] {
    this.#stream.push(chunk);
    return this.#take();
  }

  /** Returns the bytes that are held back, except the beginning of a value. */
  drain(): Buffer[] {
    this.#stream.drain();
    return this.#take();
  }

  /** Ends the stream and returns the rest. The next one can begin then. */
  end(): Buffer[] {
    this.#stream.end();
    return this.#take();
  }

  #take(): Buffer[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}

/** Returns a function that redacts texts. */
export function textRedactor(set: NeedleSet): (text: string) => string {
  if (set.longest === 0) return (text) => text;
  const redactor = new Redactor(set, SHORT_SLICE);
  return (text) => Buffer.concat([...redactor.push(Buffer.from(text)), ...redactor.end()]).toString('utf8');
}
