import { closeSync, constants, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { EscrowError, systemCode } from '../../errors.ts';
import { describeSystemError } from '../../system/files/path-error.ts';

const CHUNK = 64 * 1024;

/**
 * Reads an input file: a regular file, or the FIFO that a shell creates for `<(command)`. Reads at most `limit` + 1 bytes, so
 * that the caller can detect an input that is too long. Never waits for a FIFO without a writer, and never reads a device.
 * Throws `usage`.
 */
export async function readInput(path: string, limit: number): Promise<Buffer> {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const found = fstatSync(fd);
    if (found.isFIFO()) {
      const bytes = await readAtMost(fromFifo(fd), limit);
      if (bytes.length > 0) return bytes;
      throw unreadable(path, 'the FIFO has no writer');
    }
    if (found.isFile()) return await readAtMost(createReadStream(path, { fd }), limit);
    closeSync(fd);
    throw unreadable(path, found.isDirectory() ? 'it is a directory' : 'it is not a regular file');
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    throw unreadable(path, describeSystemError(error));
  }
}

/** Reads at most `limit` + 1 bytes of a stream and closes it. */
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

/** Yields what a FIFO contains and what its current writers write. Ends at once if it has no writer. */
async function* fromFifo(fd: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(CHUNK);
  try {
    for (let count; (count = readSync(fd, chunk)) > 0;) yield Buffer.from(chunk.subarray(0, count));
    closeSync(fd);
    return;
  } catch (error) {
    if (systemCode(error) !== 'EAGAIN') throw error; // EAGAIN: the FIFO has a writer
  }
  yield* new Socket({ fd, readable: true, writable: false });
}

function unreadable(path: string, why: string): EscrowError {
  return new EscrowError('usage', `Cannot read "${path}": ${why}.`, {
    hint: 'Name a file that you can read.',
  });
}
