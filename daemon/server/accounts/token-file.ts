import { rmSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { createFileAtomic } from '../../system/files/atomic-write.ts';
import { pathError } from '../../system/files/path-error.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { openTrusted } from '../../system/files/trust/trusted-path.ts';

const FILE: Purpose = { what: 'directory of the token', variable: '--token-file', example: 'token' };

/** The file for a new token. It never replaces a file of somebody else. */
export class TokenFile {
  readonly #path: string;
  /** The file that this object has written. */
  #inode: bigint | undefined;

  constructor(path: string) {
    this.#path = resolve(path);
  }

  /**
   * Writes the file with mode 0600. A transaction that runs again calls it again, with another token. Throws `path-conflict` if the
   * file exists, `permissions-too-open`.
   */
  write(token: string): void {
    this.discard();
    const path = this.#path;
    const directory = openTrusted({ path: dirname(path), purpose: FILE, need: 'unwritable' });
    if (directory === undefined)
      throw pathError(dirname(path), Object.assign(new Error('no such directory'), { code: 'ENOENT' }));
    try {
      if (!directory.use(basename(path), (entry) => createFileAtomic(entry, `${token}\n`)))
        throw new EscrowError('path-conflict', `Cannot write the token to "${path}": the file exists.`, {
          hint: 'Name another file with --token-file.',
        });
    } finally {
      directory.close();
    }
    this.#inode = this.#currentInode();
  }

  /** Deletes the file, if this object has written it. */
  discard(): void {
    if (this.#inode !== undefined && this.#inode === this.#currentInode())
      rmSync(this.#path, { force: true });
    this.#inode = undefined;
  }

  #currentInode(): bigint | undefined {
    return statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino;
  }
}
