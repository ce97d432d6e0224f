import { EscrowError } from '../../errors.ts';
import { readInput } from './read-input.ts';

/** Maximum size of a request to the daemon, before base64. */
const MAX = 48 * 1024 * 1024;

/** Returns the content of a file. Throws `usage` if it is unreadable or too large. */
export async function readBytes(path: string): Promise<Buffer> {
  const bytes = await readInput(path, MAX);
  if (bytes.length <= MAX) return bytes;
  throw new EscrowError('usage', `Cannot read "${path}": it has more than ${String(MAX)} bytes.`, {
    hint: 'Split it into several files.',
  });
}
