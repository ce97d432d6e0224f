import { closeSync, constants, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { EscrowError, systemCode } from '../../errors.ts';

const CHUNK = 64 * 1024;

/**
 * Reads what someone named as input: a plain file, or the FIFO that a shell makes of `<(command)`. At most one byte more
 * than `limit` is read, which tells that it is too long. Never waits for a FIFO that nobody has open for writing, and
 * opens no device. Throws `usage`.
 */
export async function readInput(path: string, limit: number): Promise<Buffer> {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const found = fstatSync(fd);
    if (found.isFIFO()) {
      const bytes = await readAtMost(fromFifo(fd), limit);
      if (bytes.length > 0) return bytes;
      throw unreadable(path, 'nobody writes to that FIFO');
    }
    if (found.isFile()) return await readAtMost(createReadStream(path, { fd }), limit);
    closeSync(fd);
    throw unreadable(path, found.isDirectory() ? 'it is a directory' : 'it is not a plain file');
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    throw unreadable(path, systemCode(error) ?? 'unknown error');
  }
}

/** The bytes of a stream, up to one more than `limit`; the rest is left, and the stream closed. */
export async function readAtMost(stream: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit + 1);
}

/** What is in a FIFO, and what those will write who have it open; the kernel tells nothing of those who never had. */
async function* fromFifo(fd: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(CHUNK);
  try {
    for (let count; (count = readSync(fd, chunk)) > 0;) yield Buffer.from(chunk.subarray(0, count));
    closeSync(fd);
    return;
  } catch (error) {
    if (systemCode(error) !== 'EAGAIN') throw error; // else there is someone to wait for
  }
  yield* new Socket({ fd, readable: true, writable: false });
}

function unreadable(path: string, why: string): EscrowError {
  return new EscrowError('usage', `"${path}" cannot be read: ${why}.`, {
    hint: 'Name a file that you can read.',
  });
}
