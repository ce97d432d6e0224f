import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EscrowError } from '../../errors.ts';

const CHUNK = 64 * 1024;
const LOOK_EVERY_MS = 200;

/**
 * Gives what is in a file, and what is added to it as long as `goesOn`. Throws Node's
 * system error when it is not there, and `path-conflict` when it is no plain file.
 */
export async function* followFile(path: string, goesOn: () => Promise<boolean>): AsyncGenerator<Buffer> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (!fstatSync(fd).isFile()) throw new EscrowError('path-conflict', `"${path}" is not a plain file.`);
    for (let more = true; ;) {
      const buffer = Buffer.alloc(CHUNK);
      const count = readSync(fd, buffer);
      if (count > 0) yield buffer.subarray(0, count);
      else if (!more) return;
      else {
        // Asked before the last look: what was written up to its end is read.
        more = await goesOn();
        if (more) await sleep(LOOK_EVERY_MS);
      }
    }
  } finally {
    closeSync(fd);
  }
}
