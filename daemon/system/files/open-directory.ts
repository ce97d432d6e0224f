import { closeSync, constants, fstatSync, lstatSync, openSync, type BigIntStats } from 'node:fs';
import { EscrowError } from '../../errors.ts';
import { O_PATH } from './o-path.ts';
import { restoreAccessTo } from './restore-owner-access.ts';

/**
 * A file or directory by its descriptor: it stays that very one, even if paths are renamed. The class wraps the number, because
 * the kernel reuses the number of a closed descriptor.
 */
class OpenEntry {
  /** Its path when it was opened. */
  readonly path: string;
  #fd: number | undefined;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.path = path;
  }

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  get fd(): number {
    if (this.#fd === undefined)
      throw new EscrowError('internal', `The descriptor of "${this.path}" is closed.`);
    return this.#fd;
  }

  /** A path that leads to it: `/proc/self/fd/N`. */
  get self(): string {
    return `/proc/self/fd/${String(this.fd)}`;
  }

  /** Returns its current state. Throws Node's system error if its file system was unmounted. */
  look(): BigIntStats {
    return fstatSync(this.fd, { bigint: true });
  }

  /** Idempotent. */
  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/**
 * A directory by its descriptor: operations through it affect that very directory. `/proc/self/fd/N/NAME` replaces openat(2) and
 * its relatives: open, mkdir, rename, link, unlink, bind, connect and watch accept it (proc(5)). It is short, however long the
 * directory's own path is.
 */
export class OpenDirectory extends OpenEntry {
  /** Returns a path that leads to an entry. */
  at(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/'))
      throw new EscrowError('internal', `"${name}" is not an entry of "${this.path}".`);
    return `${this.self}/${name}`;
  }

  /** Returns the name of a listed entry, as bytes: a name need not be valid text. */
  entry(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.self}/`), name]);
  }
}

/**
 * Opens a directory without following a link and without read permission. If it is ours and closed (mode 000), restores the
 * owner's access. Throws Node's system error; ENOTDIR or ELOOP if it is not a directory.
 */
export function openDirectory(path: string | Buffer): OpenDirectory {
  const fd = openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const directory = new OpenDirectory(fd, path.toString());
  try {
    restoreAccessTo(fd);
    return directory;
  } catch (error) {
    directory.close();
    throw error;
  }
}

/** A file by a descriptor that neither reads nor writes. It does not block on a FIFO, and the file can be executed. */
export class OpenFile extends OpenEntry {
  /** Follows no link. Throws Node's system error. */
  constructor(path: string | Buffer) {
    super(openSync(path, O_PATH | constants.O_NOFOLLOW), path.toString());
  }
}

/** Returns the state of a path, without following a link. Undefined if it does not exist or cannot be reached. */
export function lookAt(path: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined; // a parent is a file, inaccessible or on an unmounted file system
  }
}

/** Returns whether both are the same file or directory. */
export function isSame(
  one: Pick<BigIntStats, 'dev' | 'ino'>,
  other: Pick<BigIntStats, 'dev' | 'ino'> | undefined,
): boolean {
  return other !== undefined && one.dev === other.dev && one.ino === other.ino;
}
