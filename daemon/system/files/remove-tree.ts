import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fsync,
  lstatSync,
  openSync,
  opendirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  type BigIntStats,
  type Dir,
} from 'node:fs';
import { promisify } from 'node:util';
import { EscrowError, systemCode } from '../../errors.ts';
import { TimeSlices } from '../time/time-slices.ts';
import { step, type FaultInjector } from '../steps.ts';
import { truncateFile } from './erase-file.ts';
import { isSame, openDirectory, type OpenDirectory } from './open-directory.ts';
import { isMissing } from './path-lookup.ts';

/** Descriptors are bounded: each level that is open takes two. What lies deeper is moved to the top first. */
const DEPTH_MAX = 32;
/** How often a directory is listed anew because others put something into it meanwhile. */
const PASSES_MAX = 20;
const LISTED_AT_ONCE = 256;

const flush = promisify(fsync);

/** How a tree is removed. */
export interface TreeRemoval {
  readonly faults: FaultInjector;
  /** Called with each plain file before it is unlinked. */
  readonly beforeUnlink?: (path: Buffer, found: BigIntStats) => Promise<void>;
}

/**
 * Removes all that is in a directory of ours, following nothing that is not ours: a link is removed, not what it points to, and
 * a mounted file system is not entered. Contents of plain files are cut off before the name is removed, so that a process that
 * still holds one open reads nothing. Idempotent. What cannot be removed keeps nothing beside it: the first error is thrown once
 * all else is removed.
 *
 * Works by descriptors, so that neither the length of a path nor what is renamed meanwhile matters, and lets other work of
 * this process have its turn.
 */
export async function emptyDirectory(directory: OpenDirectory, removal: TreeRemoval): Promise<void> {
  await new TreeWork(directory, removal).empty();
}

/** Makes the entries of an open directory durable. Not on this thread: it may take long after many removals. */
export async function syncOpen(directory: OpenDirectory): Promise<void> {
  const fd = openSync(directory.self, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await flush(fd);
  } finally {
    closeSync(fd);
  }
}

class TreeWork {
  readonly #top: OpenDirectory;
  readonly #removal: TreeRemoval;
  readonly #device: bigint;
  readonly #slices = new TimeSlices();
  #moved = 0;

  constructor(top: OpenDirectory, removal: TreeRemoval) {
    this.#top = top;
    this.#removal = removal;
    this.#device = top.look().dev;
  }

  async empty(): Promise<void> {
    const failure = await this.#emptyLevel(this.#top, 0);
    if (failure !== undefined) throw failure.error;
  }

  async #removeEntry(from: OpenDirectory, name: Buffer, depth: number): Promise<void> {
    const path = from.entry(name);
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return; // the shim, which removes secrets too, was faster
    if (!found.isDirectory()) return this.#removeFile(path, found);
    if (depth >= DEPTH_MAX) return this.#moveToTop(path);
    const directory = openDirectory(path);
    try {
      if (directory.look().dev !== this.#device)
        throw new EscrowError('store-unavailable', 'Another file system is mounted in the run directory.', {
          hint: 'Unmount it (`umount`, `fusermount -u`); the removal is retried.',
        });
      const failure = await this.#emptyLevel(directory, depth + 1);
      if (failure !== undefined) throw failure.error;
      await step(this.#removal.faults, 'remove.rmdir', () => rmdirSync(path));
    } finally {
      directory.close();
    }
  }

  /** The first error of the last pass. Listed anew as long as something is removed: others may add to it meanwhile. */
  async #emptyLevel(directory: OpenDirectory, depth: number): Promise<{ error: unknown } | undefined> {
    for (let pass = 0; pass < PASSES_MAX;) {
      const movedBefore = this.#moved;
      let count = 0;
      let failure: { error: unknown } | undefined;
      for (const name of entriesOf(directory)) {
        await this.#slices.next();
        count++;
        try {
          await this.#removeEntry(directory, name, depth);
        } catch (error) {
          if (!isMissing(error)) failure ??= { error };
        }
      }
      if (failure !== undefined && systemCode(failure.error) !== 'ENOTEMPTY') return failure;
      if (count === 0) return undefined;
      // What was moved to the top is a part of the same tree, and is no addition of others.
      if (this.#moved === movedBefore || directory !== this.#top) pass++;
      if (pass === PASSES_MAX) return failure;
    }
    return undefined;
  }

  /** Needs the right to write to what is moved, as its entry `..` changes. */
  async #moveToTop(path: Buffer): Promise<void> {
    openDirectory(path).close(); // which restores it
    const name = `.gone-${randomBytes(6).toString('hex')}`;
    await step(this.#removal.faults, 'remove.rmdir', () => renameSync(path, this.#top.at(name)));
    this.#moved++;
  }

  async #removeFile(path: Buffer, found: BigIntStats): Promise<void> {
    const { faults, beforeUnlink } = this.#removal;
    if (found.isFile()) {
      await beforeUnlink?.(path, found);
      // The content of a file that has another name is not ours to cut off.
      if (found.nlink === 1n) await step(faults, 'remove.truncate', () => truncate(path, found));
    }
    await step(faults, 'remove.unlink', () => unlinkSync(path));
  }
}

function truncate(path: Buffer, { ino, size }: BigIntStats): void {
  if (size === 0n) return;
  try {
    truncateFile(path, ino);
  } catch (error) {
    // A file that we may not write, or that is being run, can still be unlinked, which is what counts.
    if (!['EACCES', 'ETXTBSY', 'ELOOP', 'ENXIO', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
  }
}

/** Names as bytes: one that is no UTF-8 could not be removed by its text. */
export function* entriesOf(directory: OpenDirectory): Generator<Buffer> {
  let listing: Dir;
  try {
    listing = opendirSync(directory.self, {
      encoding: 'buffer' as BufferEncoding, // as fs.readdir takes it; missing in its types alone
      bufferSize: LISTED_AT_ONCE,
    });
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    for (let entry = listing.readSync(); entry !== null; entry = listing.readSync())
      yield entry.name as unknown as Buffer;
  } finally {
    listing.closeSync();
  }
}

/** Removes an empty directory by the parent that it has now, wherever it was moved. Returns false where it is not found there. */
export async function removeEmpty(
  directory: OpenDirectory,
  name: string,
  faults: FaultInjector,
): Promise<boolean> {
  const parent = openDirectory(`${directory.self}/..`);
  try {
    const found = lstatSync(parent.at(name), { bigint: true, throwIfNoEntry: false });
    if (!isSame(directory.look(), found)) return false;
    await step(faults, 'remove.rmdir', async () => {
      rmdirSync(parent.at(name));
      await syncOpen(parent);
    });
    return true;
  } finally {
    parent.close();
  }
}
