import { VALUE_MAX } from '../contract/value-size.ts';
import { EscrowError } from '../errors.ts';
import { SecretValue } from './secret-value.ts';

/**
 * Validates the bytes of a value: 1 byte to 64 KiB, no NUL, which an environment variable cannot contain. Throws
 * `value-invalid`.
 */
export function secretValueFrom(name: string, bytes: Uint8Array): SecretValue {
  if (bytes.length === 0) throw new EscrowError('value-invalid', `Cannot set ${name}: the value is empty.`);
  if (bytes.length > VALUE_MAX) {
    throw new EscrowError(
      'value-invalid',
      `Cannot set ${name}: the value has ${String(bytes.length)} bytes; the maximum is ${String(VALUE_MAX)}.`,
    );
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1)
    throw new EscrowError(
      'value-invalid',
      `Cannot set ${name}: the value contains a NUL at byte ${String(nul + 1)}.`,
    );
  return new SecretValue(bytes);
}
