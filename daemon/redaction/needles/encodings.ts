import { isUtf8 } from 'node:buffer';
import type { ExposureEncoding } from '../../contract/types.ts';
import { escapedForms } from './escaped-forms.ts';
import type { Form } from './form.ts';

const BASE64 = 'base64';
const PLUS = 0x2b;
const SLASH = 0x2f;
const MINUS = 0x2d;
const UNDERSCORE = 0x5f;
/** Numbers of bytes per line of base64 in 76 columns (MIME, GNU base64) and in 64 columns (PEM, OpenSSL). */
const WRAPPED_BYTES = [57, 48];

/** Returns the distinct forms of a value, the unencoded one first. */
export function formsOf(value: Buffer): Form[] {
  const forms: Form[] = [];
  const add = (encoding: ExposureEncoding, bytes: Buffer): void => {
    if (!forms.some((known) => known.bytes.equals(bytes))) forms.push({ encoding, bytes });
  };
  add('plain', Buffer.from(value));
  for (const bytes of base64Of(value)) {
    add('base64', bytes);
    add('base64url', urlSafe(bytes));
  }
  for (const bytes of hexOf(value)) add('hex', bytes);
  for (const { encoding, bytes } of escapedForms(value)) add(encoding, bytes);
  for (const bytes of utf16Of(value)) add('utf-16', bytes);
  return forms;
}

/**
 * Returns the base64 of a value at each of the three offsets that it can have in a longer text, without the characters that
 * also depend on the bytes around it.
 */
function base64Of(value: Buffer): Buffer[] {
  return [0, 1, 2].map((offset) => {
    const encoded = encode(Buffer.concat([Buffer.alloc(offset), value]));
    const first = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + value.length) * 8) / 6);
    return encoded.subarray(first, end);
  });
}

/** Returns the lines of the base64 of a value as programs wrap it. */
export function wrappedBase64(value: Buffer): Form[] {
  return WRAPPED_BYTES.flatMap((width) =>
    Array.from({ length: Math.floor((value.length - 1) / width) }, (_, line) => ({
      encoding: 'base64' as const,
      bytes: encode(value.subarray(line * width, (line + 1) * width)),
    })),
  );
}

/** Encodes without a string of the value in between, which could not be cleared. */
function encode(bytes: Buffer): Buffer {
  const encoded = Buffer.alloc(Math.ceil(bytes.length / 3) * 4);
  encoded.write(bytes.toString(BASE64), 'latin1');
  return encoded;
}

function urlSafe(base64: Buffer): Buffer {
  return base64.map((byte) => (byte === PLUS ? MINUS : byte === SLASH ? UNDERSCORE : byte)) as Buffer;
}

function hexOf(value: Buffer): Buffer[] {
  return ['0123456789abcdef', '0123456789ABCDEF'].map((digits) => {
    const encoded = Buffer.alloc(value.length * 2);
    for (const [at, byte] of value.entries()) {
      encoded[at * 2] = digits.charCodeAt(byte >> 4);
      encoded[at * 2 + 1] = digits.charCodeAt(byte & 15);
    }
    return encoded;
  });
}

/** Returns UTF-16 in both byte orders; nothing for a value that is not UTF-8. */
function utf16Of(value: Buffer): Buffer[] {
  if (!isUtf8(value)) return [];
  const little = Buffer.from(value.toString('utf8'), 'utf16le');
  return [little, Buffer.from(little).swap16()];
}
