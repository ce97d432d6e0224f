import { lstatSync, type Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { pathError } from './path-error.ts';
import { faultOfOwner, STATE, untrusted, type Purpose } from './trust/trust-error.ts';
import { openTrusted } from './trust/trusted-path.ts';
import { ownerKind } from './trust/user-namespace.ts';
import type { VerifiedDirectory } from './trust/verified-directory.ts';

const OTHERS = 0o077;

/**
 * Makes a directory of mode 0700, or checks that the one there is the user's alone, and that nobody else can exchange it or
 * any directory above it. What is missing above it is made with mode 0700 as well. Throws `permissions-too-open`,
 * `path-conflict`, `ledger-unavailable`.
 */
export function ensurePrivateDirectory(path: string, purpose: Purpose = STATE): void {
  openPrivateDirectory(path, { purpose, create: true }).close();
}

/** Throws unless `path` is such a directory. */
export function assertPrivateDirectory(path: string, purpose: Purpose = STATE): void {
  openPrivateDirectory(path, { purpose }).close();
}

/** Opens such a directory, to be closed by the caller. One that is not there is an error with the cause ENOENT. */
export function openPrivateDirectory(
  path: string,
  { purpose = STATE, create = false }: { readonly purpose?: Purpose; readonly create?: boolean } = {},
): VerifiedDirectory {
  const directory = openTrusted({ path, purpose, need: 'private', create });
  if (directory !== undefined) return directory;
  throw pathError(path, Object.assign(new Error('no such directory'), { code: 'ENOENT' }));
}

/** Opens it for as long as `work` takes; `work` is given the name of an entry by the descriptor. */
export function inPrivateDirectory<T>(
  path: string,
  work: (entry: string) => T,
  options: { readonly create?: boolean } = {},
): T {
  const directory = openPrivateDirectory(dirname(path), options);
  try {
    return directory.use(basename(path), work);
  } finally {
    directory.close();
  }
}

/** Throws unless `path` is a plain file (no link to one) that belongs to the user and is closed to others. */
export function assertPrivateFile(path: string): void {
  const found = look(path);
  if (!found.isFile()) throw new EscrowError('path-conflict', `"${path}" is there and is not a plain file.`);
  assertOwner(path, found);
  if ((found.mode & OTHERS) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    const why = `has mode ${mode}, so others can reach it`;
    throw untrusted(path, FILE, { at: path, isOwn: true, who: 'others', why, change: 'go-rwx' });
  }
}

const FILE: Purpose = { ...STATE, what: 'file' };

function look(path: string): Stats {
  try {
    return lstatSync(path);
  } catch (error) {
    throw pathError(path, error);
  }
}

/** Throws unless what was found at `path` belongs to the user. */
export function assertOwner(path: string, found: Stats): void {
  if (ownerKind(found.uid, path) === 'user') return;
  throw untrusted(path, FILE, faultOfOwner(path, found.uid));
}
