import type { Stats } from 'node:fs';
import { EscrowError } from '../../../errors.ts';
import { OpenDirectory } from '../open-directory.ts';

/** A directory that was verified, by a descriptor. It fits into the 107 bytes of a socket's address, too. */
export class VerifiedDirectory extends OpenDirectory {
  readonly stats: Stats;
  /** It or a directory above it is the user's, and can be entered by nobody else. */
  readonly isClosed: boolean;

  /** `path`: without links. What leads here was verified, each step. */
  constructor(fd: number, path: string, stats: Stats, isClosed: boolean) {
    super(fd, path);
    this.stats = stats;
    this.isClosed = isClosed;
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
}
