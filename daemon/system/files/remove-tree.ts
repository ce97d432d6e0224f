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

/** Limit of open levels, each of which needs two descriptors. Deeper directories are moved to the root first. */
const DEPTH_MAX = 32;
/** How often a directory is listed again because others keep adding entries. */
const PASSES_MAX = 20;
const LISTED_AT_ONCE = 256;

const flush = promisify(fsync);

/** Options of a removal. */
export interface TreeRemoval {
  readonly faults: FaultInjector;
  /** Called with each regular file before it is unlinked. */
  readonly beforeUnlink?: (path: Buffer, found: BigIntStats) => Promise<void>;
}

/**
 * Removes the content of a directory of ours. Removes links, not their targets, and does not enter mounted file systems.
 * Truncates regular files before it unlinks them, so that a process with an open descriptor reads nothing. Idempotent. If an
 * entry cannot be removed, removes all others and then throws the first error.
 *
 * Uses descriptors, so that long paths and concurrent renames do no harm. Yields to other work of this process.
 */
export async function emptyDirectory(directory: OpenDirectory, removal: TreeRemoval): Promise<void> {
  await new TreeWork(directory, removal).empty();
}

/** Syncs an open directory, asynchronously, because that may take long after many removals. */
async function syncOpen(directory: OpenDirectory): Promise<void> {
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
    if (found === undefined) return; // the shim, which also removes secrets, was faster
    if (!found.isDirectory()) return this.#removeFile(path, found);
    if (depth >= DEPTH_MAX) return this.#moveToTop(path);
    const directory = openDirectory(path);
    try {
      if (directory.look().dev !== this.#device)
        throw new EscrowError(
          'store-unavailable',
          'Cannot empty the run directory: a file system is mounted in it.',
          {
            hint: 'Unmount it (`umount`, `fusermount -u`). The daemon retries the removal.',
          },
        );
      const failure = await this.#emptyLevel(directory, depth + 1);
      if (failure !== undefined) throw failure.error;
      await step(this.#removal.faults, 'remove.rmdir', () => rmdirSync(path));
    } finally {
      directory.close();
    }
  }

  /** Returns the first error of the last pass. Repeats while entries are removed, because others may add some. */
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
      // Directories that were moved to the root belong to this tree and are not additions of others.
      if (this.#moved === movedBefore || directory !== this.#top) pass++;
      if (pass === PASSES_MAX) return failure;
    }
    return undefined;
  }

  /** Moving a directory changes its entry `..`, which needs write permission for the directory. */
  async #moveToTop(path: Buffer): Promise<void> {
    openDirectory(path).close(); // restores that permission
    const name = `.gone-${randomBytes(6).toString('hex')}`;
    await step(this.#removal.faults, 'remove.rmdir', () => renameSync(path, this.#top.at(name)));
    this.#moved++;
  }

  async #removeFile(path: Buffer, found: BigIntStats): Promise<void> {
    const { faults, beforeUnlink } = this.#removal;
    if (found.isFile()) {
      await beforeUnlink?.(path, found);
      // A file with another hard link may be the user's own, so its content must be kept.
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
    // A file that is not writable or is being executed can still be unlinked, which suffices.
    if (!['EACCES', 'ETXTBSY', 'ELOOP', 'ENXIO', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
  }
}

/** Returns names as bytes: a name that is not UTF-8 cannot be removed by its text. */
export function* entriesOf(directory: OpenDirectory): Generator<Buffer> {
  let listing: Dir;
  try {
    listing = opendirSync(directory.self, {
      encoding: 'buffer' as BufferEncoding, // accepted by fs.readdir; missing only in its types
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

/** Removes an empty directory through its current parent, even if it was moved. Returns false if it is not found there. */
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
