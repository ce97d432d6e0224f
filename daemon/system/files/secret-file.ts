import { fstatSync, readSync, type Stats } from 'node:fs';
import { EscrowError } from '../../errors.ts';
import type { Purpose } from './trust/trust-error.ts';
import { withTrustedFile } from './trust/trusted-file.ts';

/** A file of another owner than root must be closed to group and others. */
const OTHERS = 0o077;
/** The group may read a file of root: Debian's group ssl-cert, and credentials of systemd. */
const OTHERS_OF_ROOTS_FILE = 0o027;

/**
 * Reads a file with a secret for a service: a private key, a passphrase, a database URL. Only the service's user may read it, or
 * also a group if it belongs to root (the rule of PostgreSQL for its `ssl_key_file`). Follows trusted links, because certificates
 * are often renewed by changing one. Throws `config-invalid`, `permissions-too-open`, `path-conflict`.
 */
export function readSecretFile(path: string, purpose: Purpose, limit: number): Buffer {
  const bytes = withTrustedFile(path, purpose, (fd) => {
    const stats = fstatSync(fd);
    assertClosed(path, purpose, stats);
    return readUpTo(fd, limit + 1);
  });
  const { what } = purpose;
  if (bytes === undefined)
    throw new EscrowError('config-invalid', `Cannot read the ${what} "${path}": it does not exist.`);
  if (bytes.length <= limit) return bytes;
  throw new EscrowError(
    'config-invalid',
    `Cannot read the ${what} "${path}": it has more than ${String(limit)} bytes.`,
  );
}

/** Reads a text like `readSecretFile`, without the newline at its end. Throws `config-invalid` if it is empty. */
export function readSecretText(path: string, purpose: Purpose): string {
  const text = readSecretFile(path, purpose, TEXT_MAX)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (text !== '') return text;
  throw new EscrowError('config-invalid', `Cannot use the ${purpose.what} "${path}": it is empty.`);
}

const TEXT_MAX = 4096;

function assertClosed(path: string, { what }: Purpose, { uid, mode }: Stats): void {
  if ((mode & (uid === 0 ? OTHERS_OF_ROOTS_FILE : OTHERS)) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  throw new EscrowError(
    'permissions-too-open',
    `Cannot use the ${what} "${path}": it has mode ${shown}, so others can access it.`,
    { hint: uid === 0 ? 'Run chmod 0640 or chmod 0600 on the file.' : 'Run chmod 0600 on the file.' },
  );
}

function readUpTo(fd: number, limit: number): Buffer {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  for (let count = -1; count !== 0 && length < limit; length += count)
    count = readSync(fd, buffer, length, limit - length, length);
  return buffer.subarray(0, length);
}
