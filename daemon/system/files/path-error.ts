import { EscrowError, systemCode } from '../../errors.ts';
import { isDiskError } from './disk-error.ts';

/** What a system call on a path of ours came back with, as an error of the table. */
export function pathError(path: string, error: unknown): EscrowError {
  const code = systemCode(error) ?? 'unknown error';
  const kind = isDiskError(error) ? 'ledger-unavailable' : 'path-conflict';
  return new EscrowError(kind, `"${path}" cannot be used: ${code}.`, { cause: error });
}
