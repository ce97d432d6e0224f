import { EscrowError } from '../../errors.ts';
import { readTrustedFile } from './trust/trusted-file.ts';
import type { Purpose } from './trust/trust-error.ts';
import { assertPrivateFile } from './private-directory.ts';

const LENGTH_MAX = 4096;

/**
 * Reads a text that only the user may know, without the white space around it, from a file that nobody else can read or
 * change. Throws `config-invalid`, `permissions-too-open`, `path-conflict`, `ledger-unavailable`.
 */
export function readPrivateText(path: string, purpose: Purpose): string {
  const bytes = readTrustedFile(path, purpose, LENGTH_MAX + 1);
  if (bytes === undefined)
    throw new EscrowError('config-invalid', `Cannot read the ${purpose.what} "${path}": it does not exist.`);
  assertPrivateFile(path);
  if (bytes.length > LENGTH_MAX)
    throw new EscrowError(
      'config-invalid',
      `Cannot read the ${purpose.what} "${path}": it has more than ${String(LENGTH_MAX)} bytes.`,
    );
  return bytes.toString('utf8').trim();
}
