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

/** What stands behind the path of a descriptor whose name was removed: proc(5), of /proc/PID/fd. */
export const DELETED = ' (deleted)';

/** Where a directory is that is held by a descriptor. */
export type Whereabouts =
  { readonly kind: 'here' } | { readonly kind: 'moved'; readonly to: string } | { readonly kind: 'deleted' };

/**
 * A run directory by a descriptor, and the files with its secrets: they tell moved from deleted, whatever stands at the path.
 * On file systems of the network files are not held: NFS keeps what is unlinked while it is open.
 */
export class HeldDirectory {
  readonly directory: OpenDirectory;
  /** As it is by now: the ledger's may be older, where it could not be written. */
  record: DirectoryRecord;
  readonly #files = new Map<string, OpenFile>();

  private constructor(directory: OpenDirectory, record: DirectoryRecord) {
    this.directory = directory;
    this.record = record;
  }

  /** Takes the descriptor over. Holds at most `room` files, and none that is not the one on record. */
  static take(directory: OpenDirectory, record: DirectoryRecord, room: number): HeldDirectory {
    const held = new HeldDirectory(directory, record);
    if (fileSystemType(directory.self).network) return held;
    for (const file of record.files) if (held.fileCount < room) held.#hold(file);
    return held;
  }

  get fileCount(): number {
    return this.#files.size;
  }

  /** The held file, by its path in the run directory; undefined where it is not held. */
  file(path: string): OpenFile | undefined {
    return this.#files.get(path);
  }

  /** Undefined where the descriptor tells nothing any more: its file system was taken away, or its server forgot it. */
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
    // FUSE does not always count links; a directory may also have such a name.
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
      opened?.close(); // it was removed already, or exchanged: the removal looks for it
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

/** Descriptors of files with secrets that all runs of a daemon hold together, far below any limit (getrlimit(2)). */
const HELD_FILES_MAX = 512;

/** The run directories that a daemon holds, by path. */
export class HeldDirectories {
  readonly #held = new Map<string, HeldDirectory>();

  get(target: string): HeldDirectory | undefined {
    return this.#held.get(target);
  }

  /** Takes the descriptor over. */
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
