import { EscrowError, errorTable, type ErrorCode } from '../errors.ts';
import { didYouMean } from './nearest-name.ts';

/** Creates the error for a name that no object has. Its hint starts with the object that the name most likely means. */
export function notFoundError(
  code: ErrorCode,
  detail: string,
  { name, among }: { readonly name: string; readonly among: readonly string[] },
): EscrowError {
  const { hint } = errorTable[code];
  const nearest = didYouMean(name, among);
  return new EscrowError(code, detail, nearest === undefined ? {} : { hint: `${nearest} ${hint}` });
}
