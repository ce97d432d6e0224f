import type { Stats } from 'node:fs';
import { EscrowError } from '../../../errors.ts';
import { OpenDirectory } from '../open-directory.ts';

/** A verified directory, by its descriptor. Paths relative to it fit into the 107 bytes of a socket address. */
export class VerifiedDirectory extends OpenDirectory {
  readonly stats: Stats;
  /** Whether it or an ancestor belongs to the user and nobody else can enter it. */
  readonly isClosed: boolean;

  /** `path`: without links. Each directory of the path was verified. */
  constructor(fd: number, path: string, stats: Stats, isClosed: boolean) {
    super(fd, path);
    this.stats = stats;
    this.isClosed = isClosed;
  }

  /** Calls `work` with the name of an entry. In errors, replaces that name by the entry's real path. */
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
