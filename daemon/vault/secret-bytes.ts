import { VALUE_MAX } from '../contract/value-size.ts';
import { EscrowError } from '../errors.ts';
import { SecretValue } from './secret-value.ts';

/**
 * Validates the bytes of a value: 1 byte to 64 KiB, no NUL, which an environment variable cannot contain. Throws
 * `value-invalid`.
 */
export function secretValueFrom(name: string, bytes: Uint8Array): SecretValue {
  const reason = whyUnfit(bytes);
  if (reason === undefined) return new SecretValue(bytes);
  throw new EscrowError('value-invalid', `Cannot set ${name}: ${reason}.`);
}

/** Returns why bytes cannot be a value, as a clause, or undefined if they can. */
export function whyUnfit(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'the value is empty';
  if (bytes.length > VALUE_MAX)
    return `the value has ${String(bytes.length)} bytes; the maximum is ${String(VALUE_MAX)}`;
  const nul = bytes.indexOf(0);
  return nul === -1 ? undefined : `the value contains a NUL at byte ${String(nul + 1)}`;
}

/** Encodes a value as UTF-8. Throws `value-invalid` for unpaired surrogates, which JSON can contain and UTF-8 cannot encode. */
export function encodeValue(name: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.toString('utf8') === text) return bytes;
  throw new EscrowError('value-invalid', `Cannot set ${name}: the value is not valid Unicode text.`);
}
