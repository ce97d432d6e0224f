import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EscrowError } from '../../../errors.ts';
import { pathError } from '../path-error.ts';
import { faultOfOwner, faultOfWriters, untrusted, type Purpose } from './trust-error.ts';
import { openTrusted } from './trusted-path.ts';
import { isForeign, userAndRoot, type TrustedOwners } from './trusted-owners.ts';
import { ownerKind } from './user-namespace.ts';
import type { VerifiedDirectory } from './verified-directory.ts';
import { otherWriters } from './writable.ts';

const LINKS_MAX = 40;

/**
 * Reads at most `limit` bytes of a regular file that only the user and root can change or replace. Undefined if it does not
 * exist. Follows trusted links. Throws `permissions-too-open`, `path-conflict`, `ledger-unavailable`.
 */
export function readTrustedFile(path: string, purpose: Purpose, limit: number): Buffer | undefined {
  return withTrustedFile(path, purpose, (fd) => readUpTo(fd, limit));
}

/**
 * Calls `use` with an open descriptor of such a file and returns its result. Undefined if the file does not exist. Throws like
 * readTrustedFile. `owners`: further accounts that may own and write to it, only for what a run executes.
 */
export function withTrustedFile<T>(
  path: string,
  purpose: Purpose,
  use: (fd: number) => T,
  owners = userAndRoot,
): T | undefined {
  let at = resolve(path);
  for (let links = 0; links <= LINKS_MAX; links++) {
    const directory = openTrusted({ path: dirname(at), file: path, purpose, need: 'unwritable', owners });
    if (directory === undefined) return undefined;
    try {
      const found = lstatSync(directory.at(basename(at)), { throwIfNoEntry: false });
      if (found === undefined) return undefined;
      const name = join(directory.path, basename(at));
      assertOwner({ path, purpose, name, owners }, found);
      if (!found.isSymbolicLink()) return useFile(directory, { path, purpose, name, owners }, use);
      at = resolve(directory.path, readlinkSync(directory.at(basename(at))));
    } catch (error) {
      if (error instanceof EscrowError) throw error;
      throw pathError(path, error);
    } finally {
      directory.close();
    }
  }
  throw pathError(path, Object.assign(new Error('too many links'), { code: 'ELOOP' }));
}

interface Wanted {
  readonly path: string;
  readonly purpose: Purpose;
  readonly name: string;
  readonly owners: TrustedOwners;
}

function useFile<T>(directory: VerifiedDirectory, wanted: Wanted, use: (fd: number) => T): T {
  const { path, purpose, name, owners } = wanted;
  const entry = directory.at(basename(name));
  // Opens only regular files: a FIFO would block, and opening a device may have side effects.
  if (!lstatSync(entry).isFile())
    throw new EscrowError('path-conflict', `Cannot use "${path}": it is not a regular file.`);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  const fd = openSync(entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  try {
    const stats = fstatSync(fd);
    assertOwner(wanted, stats);
    const { isClosed } = directory;
    const writers = otherWriters({ fd, path: name, stats }, { isClosed, isAncestor: false, owners });
    if (writers === undefined) return use(fd);
    throw untrusted(path, purpose, faultOfWriters(name, ownerKind(stats.uid, name) === 'user', writers));
  } finally {
    closeSync(fd);
  }
}

function assertOwner({ path, purpose, name, owners }: Wanted, { uid }: Stats): void {
  if (isForeign(uid, name, owners)) throw untrusted(path, purpose, faultOfOwner(name, uid));
}

function readUpTo(fd: number, limit: number): Buffer {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  for (let count = -1; count !== 0 && length < limit; length += count)
    count = readSync(fd, buffer, length, limit - length, length);
  return buffer.subarray(0, length);
}
