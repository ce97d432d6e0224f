import { closeSync, type Stats } from 'node:fs';
import { EscrowError } from '../../../errors.ts';

/**
 * A directory that was verified, by a descriptor: what is done through it is done in that very directory, whatever is
 * renamed meanwhile. Wrapped, since the kernel gives the number of a closed descriptor to the next one that is opened.
 *
 * `/proc/self/fd/N/NAME` is what openat(2) and its like are elsewhere: open, mkdir, rename, link, unlink, bind, connect and
 * watch work by it (proc(5)). It fits into the 107 bytes of a socket's address, too.
 */
export class VerifiedDirectory {
  /** Without links: what leads here was verified, each step. */
  readonly path: string;
  readonly stats: Stats;
  /** It or a directory above it is the user's, and can be entered by nobody else. */
  readonly isClosed: boolean;
  #fd: number | undefined;

  constructor(fd: number, path: string, stats: Stats, isClosed: boolean) {
    this.#fd = fd;
    this.path = path;
    this.stats = stats;
    this.isClosed = isClosed;
  }

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  get fd(): number {
    if (this.#fd === undefined)
      throw new EscrowError('internal', `The descriptor of "${this.path}" is closed.`);
    return this.#fd;
  }

  /** Names the directory itself. */
  get self(): string {
    return `/proc/self/fd/${String(this.fd)}`;
  }

  /** Names an entry of it. */
  at(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/'))
      throw new EscrowError('internal', `"${name}" is no entry of "${this.path}".`);
    return `${this.self}/${name}`;
  }

  /** Runs `work` on the name of an entry. An error that tells that name tells the entry's real path instead. */
  use<T>(name: string, work: (path: string) => T): T {
    const path = this.at(name);
    try {
      return work(path);
    } catch (error) {
      if (!(error instanceof EscrowError) || !error.message.includes(this.self)) throw error;
      const real = (text: string): string => text.replaceAll(`${this.self}/`, `${this.path}/`);
      throw new EscrowError(error.code, real(error.message), { hint: real(error.hint), cause: error.cause });
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}
