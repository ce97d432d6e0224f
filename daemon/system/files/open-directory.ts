import { closeSync, constants, fstatSync, lstatSync, openSync, type BigIntStats } from 'node:fs';
import { EscrowError } from '../../errors.ts';
import { O_PATH } from './o-path.ts';
import { restoreAccessTo } from './restore-owner-access.ts';

/**
 * A file or directory by a descriptor: it stays that very one, whatever is renamed meanwhile. Wrapped, since the kernel gives
 * the number of a closed descriptor to the next one that is opened.
 */
class OpenEntry {
  /** Where it was when it was opened. */
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

  /** A name that leads to it: `/proc/self/fd/N`. */
  get self(): string {
    return `/proc/self/fd/${String(this.fd)}`;
  }

  /** Its state now. Throws Node's system error where its file system is gone. */
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
 * A directory by a descriptor: what is done through it is done in that very directory. `/proc/self/fd/N/NAME` is what openat(2)
 * and its like are elsewhere: open, mkdir, rename, link, unlink, bind, connect and watch work by it (proc(5)). It is short,
 * however long the directory's own path is.
 */
export class OpenDirectory extends OpenEntry {
  /** Names an entry of it. */
  at(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/'))
      throw new EscrowError('internal', `"${name}" is no entry of "${this.path}".`);
    return `${this.self}/${name}`;
  }

  /** Names an entry as it was listed: a name need not be text. */
  entry(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.self}/`), name]);
  }
}

/**
 * Opens a directory without following a link, and without a right to read it: one of ours that somebody closed (mode 000) is
 * opened again to us. Throws Node's system error, ENOTDIR or ELOOP where it is none.
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

/** A file by a descriptor that neither reads nor writes it: it waits for no FIFO, and keeps nobody from running the file. */
export class OpenFile extends OpenEntry {
  /** Follows no link. Throws Node's system error. */
  constructor(path: string | Buffer) {
    super(openSync(path, O_PATH | constants.O_NOFOLLOW), path.toString());
  }
}

/** What is at a path, a link itself; undefined where nothing is, or where it cannot be reached. */
export function lookAt(path: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined; // a parent that is a file, that is closed to us, whose file system is gone: it is not seen there
  }
}

/** Whether both are one file or directory. */
export function isSame(
  one: Pick<BigIntStats, 'dev' | 'ino'>,
  other: Pick<BigIntStats, 'dev' | 'ino'> | undefined,
): boolean {
  return other !== undefined && one.dev === other.dev && one.ino === other.ino;
}
