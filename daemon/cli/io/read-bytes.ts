import { EscrowError } from '../../errors.ts';
import { readInput } from './read-input.ts';

/** What the daemon takes at once, before it becomes base64. */
const MAX = 48 * 1024 * 1024;

/** The bytes of a file that someone named, all of them. Throws `usage`. */
export async function readBytes(path: string): Promise<Buffer> {
  const bytes = await readInput(path, MAX);
  if (bytes.length <= MAX) return bytes;
  throw new EscrowError('usage', `"${path}" has more than ${String(MAX)} bytes.`, {
    hint: 'Divide it into several.',
  });
}
