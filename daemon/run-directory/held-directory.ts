import { readlinkSync } from 'node:fs';
import {
  isSame,
  lookAt,
  openDirectory,
  OpenFile,
  type OpenDirectory,
} from '../system/files/open-directory.ts';
import { fileSystemType } from '../system/files/file-system-type.ts';
import type { DirectoryRecord } from './record.ts';

/** Suffix of a descriptor's path after its name was unlinked. Source: proc(5), /proc/PID/fd. */
export const DELETED = ' (deleted)';

/** Location of a directory that is held by a descriptor. */
export type Whereabouts =
  { readonly kind: 'here' } | { readonly kind: 'moved'; readonly to: string } | { readonly kind: 'deleted' };

/**
 * Open descriptors of a run directory and its files with values. They distinguish a moved directory from a deleted one. On
 * network file systems no files are held, because NFS keeps unlinked files while they are open.
 */
export class HeldDirectory {
  readonly directory: OpenDirectory;
  /** The current record. The ledger's may be older if it could not be written. */
  record: DirectoryRecord;
  readonly #files = new Map<string, OpenFile>();

  private constructor(directory: OpenDirectory, record: DirectoryRecord) {
    this.directory = directory;
    this.record = record;
  }

  /** Takes ownership of the descriptor. Holds at most `most` files, and only those on record. */
  static take(directory: OpenDirectory, record: DirectoryRecord, most: number): HeldDirectory {
    const held = new HeldDirectory(directory, record);
    if (fileSystemType(directory.self).network) return held;
    for (const file of record.files) if (held.fileCount < most) held.#hold(file);
    return held;
  }

  get fileCount(): number {
    return this.#files.size;
  }

  /** Returns the held file by its path in the run directory. Undefined if it is not held. */
  file(path: string): OpenFile | undefined {
    return this.#files.get(path);
  }

  /** Finds the directory. Undefined if the descriptor is stale: the file system was unmounted or its server forgot it. */
  find(target: string): Whereabouts | undefined {
    let own;
    try {
      own = this.directory.look();
    } catch {
      return undefined;
    }
    if (own.nlink === 0n) return { kind: 'deleted' };
    if (isSame(own, lookAt(target))) return { kind: 'here' };
    const to = readlinkSync(this.directory.self);
    // FUSE does not always count links. A directory may also have such a name.
    if (to.endsWith(DELETED) && !isSame(own, lookAt(to))) return { kind: 'deleted' };
    return { kind: 'moved', to };
  }

  close(): void {
    this.directory.close();
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  #hold({ file, inode, result }: DirectoryRecord['files'][number]): void {
    if (result !== undefined) return;
    let opened: OpenFile | undefined;
    try {
      opened = openBelow(this.directory, file);
      if (String(opened.look().ino) !== inode) throw new Error('another file');
    } catch {
      opened?.close(); // it was removed or replaced; the removal searches for it
      return;
    }
    this.#files.set(file, opened);
  }
}

/** Opens `secrets/NAME` or a file of the directory itself, following no link. */
function openBelow(directory: OpenDirectory, path: string): OpenFile {
  const [first = '', name] = path.split('/');
  if (name === undefined) return new OpenFile(directory.at(first));
  const below = openDirectory(directory.at(first));
  try {
    return new OpenFile(below.at(name));
  } finally {
    below.close();
  }
}

/** Limit of files that a daemon holds for all runs, far below the limit of descriptors (getrlimit(2)). */
const HELD_FILES_MAX = 512;

/** The run directories that a daemon holds open, by path. */
export class HeldDirectories {
  readonly #held = new Map<string, HeldDirectory>();

  get(target: string): HeldDirectory | undefined {
    return this.#held.get(target);
  }

  /** Takes ownership of the descriptor. */
  add(target: string, directory: OpenDirectory, record: DirectoryRecord): void {
    this.release(target);
    const count = [...this.#held.values()].reduce((sum, { fileCount }) => sum + fileCount, 0);
    this.#held.set(target, HeldDirectory.take(directory, record, HELD_FILES_MAX - count));
  }

  /** Idempotent. */
  release(target: string): void {
    this.#held.get(target)?.close();
    this.#held.delete(target);
  }

  close(): void {
    for (const target of [...this.#held.keys()]) this.release(target);
  }
}
