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
 * Creates a directory of mode 0700, or verifies that the existing one is private and that nobody else can replace it or any of
 * its ancestors. Missing ancestors are created with mode 0700 too. Throws `permissions-too-open`, `path-conflict`,
 * `ledger-unavailable`.
 */
export function ensurePrivateDirectory(path: string, purpose: Purpose = STATE): void {
  openPrivateDirectory(path, { purpose, create: true }).close();
}

/** Throws unless `path` is such a directory. */
export function assertPrivateDirectory(path: string, purpose: Purpose = STATE): void {
  openPrivateDirectory(path, { purpose }).close();
}

/** Opens such a directory. The caller closes it. If it does not exist, throws an error with the cause ENOENT. */
export function openPrivateDirectory(
  path: string,
  { purpose = STATE, create = false }: { readonly purpose?: Purpose; readonly create?: boolean } = {},
): VerifiedDirectory {
  const directory = openTrusted({ path, purpose, need: 'private', create });
  if (directory !== undefined) return directory;
  throw pathError(path, Object.assign(new Error('no such directory'), { code: 'ENOENT' }));
}

/** Opens the parent for the duration of `work`, which receives the name of the entry relative to the descriptor. */
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

/** Throws unless `path` is a regular file (not a link) that belongs to the user and is not accessible to others. */
export function assertPrivateFile(path: string): void {
  const found = look(path);
  if (!found.isFile())
    throw new EscrowError('path-conflict', `Cannot use "${path}": it is not a regular file.`);
  assertOwner(path, found);
  if ((found.mode & OTHERS) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    const why = `has mode ${mode}, so others can access it`;
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

/** Throws unless the file at `path` belongs to the user. */
export function assertOwner(path: string, found: Stats): void {
  if (ownerKind(found.uid, path) === 'user') return;
  throw untrusted(path, FILE, faultOfOwner(path, found.uid));
}
