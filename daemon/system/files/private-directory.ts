import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { EscrowError, systemCode } from '../../errors.ts';
import { isDiskError } from './disk-error.ts';
import { syncDirectory } from './atomic-write.ts';

const OTHERS = 0o077;

/** Makes a directory of mode 0700, or checks that the one there is ours alone. Parents are made as the umask says. */
export function ensurePrivateDirectory(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(path, { mode: 0o700 });
    syncDirectory(dirname(path));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' && systemCode(error) !== 'ENOTDIR') throw pathError(path, error);
  }
  assertPrivateDirectory(path);
}

/** Throws unless `path` is a directory (no link to one) that belongs to us and is closed to others. */
export function assertPrivateDirectory(path: string): void {
  const found = look(path);
  if (!found.isDirectory())
    throw new EscrowError('path-conflict', `"${path}" is there and is not a directory.`);
  assertOurs(path, found);
}

/** Throws unless `path` is a plain file (no link to one) that belongs to us and is closed to others. */
export function assertPrivateFile(path: string): void {
  const found = look(path);
  if (!found.isFile()) throw new EscrowError('path-conflict', `"${path}" is there and is not a plain file.`);
  assertOurs(path, found);
}

function look(path: string): Stats {
  try {
    return lstatSync(path);
  } catch (error) {
    throw pathError(path, error);
  }
}

function assertOurs(path: string, found: Stats): void {
  assertOwner(path, found);
  if ((found.mode & OTHERS) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    throw new EscrowError('permissions-too-open', `"${path}" has mode ${mode}, so others can reach it.`, {
      hint: `chmod go-rwx '${path}'`,
    });
  }
}

/** Throws unless what was found at `path` belongs to us. */
export function assertOwner(path: string, found: Stats): void {
  const us = process.geteuid?.();
  if (found.uid === us) return;
  throw new EscrowError(
    'permissions-too-open',
    `"${path}" belongs to user ${String(found.uid)}, not to you (${String(us)}).`,
  );
}

/** What a system call on a path of ours came back with, as an error of the table. */
export function pathError(path: string, error: unknown): EscrowError {
  const code = systemCode(error) ?? 'unknown error';
  const kind = isDiskError(error) ? 'ledger-unavailable' : 'path-conflict';
  return new EscrowError(kind, `"${path}" cannot be used: ${code}.`, { cause: error });
}
