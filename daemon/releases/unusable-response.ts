import { EscrowError } from '../errors.ts';

/** Returns the error for a response of a team server that cannot be used. */
export function unusable({ name }: { readonly name: string }, why: string): EscrowError {
  return new EscrowError('release-invalid', `Cannot use the response of the server ${name}: ${why}.`);
}
