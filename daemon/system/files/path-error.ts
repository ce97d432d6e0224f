import { EscrowError, systemCode } from '../../errors.ts';
import { isDiskError } from './disk-error.ts';

/** What the common errors of system calls mean: errno(3). */
const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a parent is not a directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is exceeded',
  EIO: 'input/output error',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

/** Remedies for errors that are not about an existing file. */
const ELSEWHERE = 'Set NF_ESCROW_HOME to a directory in which you can create files, or name another path.';
const HINTS: Readonly<Record<string, string>> = {
  EACCES: ELSEWHERE,
  EPERM: ELSEWHERE,
  ENOENT: ELSEWHERE,
  EROFS: ELSEWHERE,
  ENOSPC: 'Free space, or set NF_ESCROW_HOME to a directory on another file system.',
  EDQUOT: 'Free space, or set NF_ESCROW_HOME to a directory on another file system.',
};

/** Returns the meaning and the code of a system call's error: `permission denied (EACCES)`. */
export function describeSystemError(error: unknown): string {
  const code = systemCode(error) ?? 'unknown error';
  const meaning = MEANINGS[code];
  return meaning === undefined ? code : `${meaning} (${code})`;
}

/** Converts the error of a system call on a path to an error of the table. */
export function pathError(path: string, error: unknown): EscrowError {
  const kind = isDiskError(error) ? 'ledger-unavailable' : 'path-conflict';
  const hint = HINTS[systemCode(error) ?? ''];
  return new EscrowError(kind, `Cannot use "${path}": ${describeSystemError(error)}.`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
