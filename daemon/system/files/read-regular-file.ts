import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync } from 'node:fs';

const CHUNK = 64 * 1024;

/**
 * The bytes of a plain file, at most `limit` of them, or of one that a link points to; undefined where there is none.
 * Whatever else stands there is not opened: a FIFO would keep us waiting, and to open a device may do something.
 */
export function readRegularFile(path: string, limit = Infinity): Buffer | undefined {
  return readFile(path, statSync(path, { throwIfNoEntry: false })?.isFile(), 0, limit);
}

/** As readPlainFile, but a link is none: for what nobody but us has any business to put there. */
export function readFileNoFollow(path: string, limit = Infinity): Buffer | undefined {
  const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile();
  return readFile(path, isFile, constants.O_NOFOLLOW, limit);
}

function readFile(
  path: string,
  isFile: boolean | undefined,
  flags: number,
  limit: number,
): Buffer | undefined {
  if (isFile !== true) return undefined;
  // It may have been exchanged since.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | flags);
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const chunks: Buffer[] = [];
    let length = 0;
    for (let count = -1; count !== 0 && length < limit; length += count) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, limit - length));
      count = readSync(fd, chunk, 0, chunk.length, length);
      chunks.push(chunk.subarray(0, count));
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(fd);
  }
}
