import { closeSync, openSync, readSync } from 'node:fs';

const BYTES = 16;

/** Returns 128 random bits in hexadecimal digits. Does not load node:crypto, whose import takes milliseconds of each launch. */
export function randomKey(): string {
  const bytes = Buffer.alloc(BYTES);
  const file = openSync('/dev/urandom', 'r');
  try {
    if (readSync(file, bytes) !== BYTES) throw new Error('Cannot read random bytes from /dev/urandom.');
  } finally {
    closeSync(file);
  }
  return bytes.toString('hex');
}
