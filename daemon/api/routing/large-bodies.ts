import type { Request, Response } from 'express';
import { keyOf, type Principal } from '../../access/principal.ts';
import { EscrowError } from '../../errors.ts';

/** A body with more bytes, or of an unknown length, counts as large. */
export const LARGE = 1024 * 1024;
/** Large bodies that are handled at once: of a principal, and of all. Each of them is in memory several times. */
const MAX = { own: 2, all: 8 };

/** The requests with large bodies that a team server is handling. They bound its memory. */
export class LargeBodies {
  /** Keys of the principals. */
  readonly #open: string[] = [];

  /** Counts a request with a large body until its response is complete. Throws `too-many-requests`. */
  admit(request: Request, response: Response, by: Principal): void {
    if (by.kind === 'machine' || !isLarge(request) || response.closed) return;
    const key = keyOf(by);
    if (this.#open.length >= MAX.all || this.#open.filter((one) => one === key).length >= MAX.own) {
      response.set('retry-after', '1');
      throw new EscrowError(
        'too-many-requests',
        'Cannot read the body of the request: the server is handling other large requests.',
      );
    }
    this.#open.push(key);
    response.once('close', () => this.#open.splice(this.#open.indexOf(key), 1));
  }
}

function isLarge({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > LARGE;
}
