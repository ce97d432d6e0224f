import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EscrowError } from '../../errors.ts';

const CHUNK = 64 * 1024;
const LOOK_EVERY_MS = 200;

/**
 * Yields the content of a file, and what is appended to it while `isGrowing` returns true. Throws Node's system error if
 * the file does not exist, and `path-conflict` if it is not a regular file.
 */
export async function* followFile(path: string, isGrowing: () => Promise<boolean>): AsyncGenerator<Buffer> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (!fstatSync(fd).isFile())
      throw new EscrowError('path-conflict', `Cannot read "${path}": it is not a regular file.`);
    for (let more = true; ;) {
      const buffer = Buffer.alloc(CHUNK);
      const count = readSync(fd, buffer);
      if (count > 0) yield buffer.subarray(0, count);
      else if (!more) return;
      else {
        // Called before the last read, so that everything written until then is read.
        more = await isGrowing();
        if (more) await sleep(LOOK_EVERY_MS);
      }
    }
  } finally {
    closeSync(fd);
  }
}
