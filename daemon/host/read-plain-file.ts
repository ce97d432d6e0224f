import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';

/**
 * The first bytes of a plain file, or of one that a link points to; undefined where there is none. Whatever else
 * stands there is not opened: a FIFO would keep us waiting, and to open a device may do something.
 */
export function readPlainFile(path: string, limit: number): Buffer | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  // It may have been exchanged since.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(limit);
    let length = 0;
    for (let count = -1; count !== 0 && length < limit; length += count)
      count = readSync(fd, bytes, length, limit - length, length);
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
