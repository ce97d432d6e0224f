import { VALUE_MAX } from '../contract/value-size.ts';
import { EscrowError } from '../errors.ts';
import { SecretValue } from './secret-value.ts';

/** Takes a value's bytes from outside: 1 byte to 64 KiB, any byte but NUL, which no environment variable can hold. */
export function secretValueFrom(name: string, bytes: Uint8Array): SecretValue {
  if (bytes.length === 0) throw new EscrowError('value-invalid', `The value of ${name} is empty.`);
  if (bytes.length > VALUE_MAX) {
    throw new EscrowError(
      'value-invalid',
      `The value of ${name} has ${String(bytes.length)} bytes; ${String(VALUE_MAX)} is the most.`,
    );
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1)
    throw new EscrowError('value-invalid', `The value of ${name} has a NUL at byte ${String(nul + 1)}.`);
  return new SecretValue(bytes);
}
