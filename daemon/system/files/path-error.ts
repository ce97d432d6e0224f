import { EscrowError, systemCode } from '../../errors.ts';
import { isDiskError } from './disk-error.ts';

/** Converts the error of a system call on a path to an error of the table. */
export function pathError(path: string, error: unknown): EscrowError {
  const code = systemCode(error) ?? 'unknown error';
  const kind = isDiskError(error) ? 'ledger-unavailable' : 'path-conflict';
  return new EscrowError(kind, `Cannot use "${path}": ${code}.`, { cause: error });
}
