import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync } from 'node:fs';

const CHUNK = 64 * 1024;

/**
 * Returns at most `limit` bytes of a regular file, following links; undefined when it does not exist or is of another
 * type. Other types are never opened: opening a FIFO blocks, and opening a device can have side effects.
 */
export function readRegularFile(path: string, limit = Infinity): Buffer | undefined {
  return readFile(path, statSync(path, { throwIfNoEntry: false })?.isFile(), 0, limit);
}

/** Reads like readRegularFile, but does not follow a link: for files that only nf-escrow creates. */
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
  // The file may have been replaced since the check.
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
