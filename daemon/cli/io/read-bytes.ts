import { EscrowError } from '../../errors.ts';
import { readAtMost, readInput } from './read-input.ts';

/** Maximum size of a request to the daemon, before base64. */
const MAX = 48 * 1024 * 1024;

/** Returns the content of a file. Throws `usage` if it is unreadable or too large. */
export async function readBytes(path: string): Promise<Buffer> {
  return bounded(`"${path}"`, await readInput(path, MAX));
}

/** Returns the content of standard input. Throws `usage` if it is too large. */
export async function readStandardInput(): Promise<Buffer> {
  return bounded('standard input', await readAtMost(process.stdin, MAX));
}

function bounded(input: string, bytes: Buffer): Buffer {
  if (bytes.length <= MAX) return bytes;
  throw new EscrowError('usage', `Cannot read ${input}: it has more than ${String(MAX)} bytes.`, {
    hint: 'Split it into several files.',
  });
}
