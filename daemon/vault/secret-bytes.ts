import { EscrowError } from '../errors.ts';
import { SecretValue } from './secret-value.ts';

/** Longest value, in bytes: what AWS Secrets Manager takes too. */
const MAX = 65_536;

/** Takes a value's bytes from outside: 1 byte to 64 KiB, any byte but NUL, which no environment variable can hold. */
export function secretValueFrom(name: string, bytes: Uint8Array): SecretValue {
  if (bytes.length === 0) throw new EscrowError('value-invalid', `The value of ${name} is empty.`);
  if (bytes.length > MAX) {
    throw new EscrowError(
      'value-invalid',
      `The value of ${name} has ${String(bytes.length)} bytes; ${String(MAX)} is the most.`,
    );
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1)
    throw new EscrowError('value-invalid', `The value of ${name} has a NUL at byte ${String(nul + 1)}.`);
  return new SecretValue(bytes);
}
