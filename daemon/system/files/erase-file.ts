import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { TimeSlices } from '../time/time-slices.ts';

const flush = promisify(fsync);
const ZEROS = Buffer.alloc(64 * 1024);
const WRITE = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Cuts off the content of a plain file that has no other name. Returns false where it is none, or is another by now. Follows
 * no link but `/proc/self/fd/N`, the name of a descriptor.
 */
export function truncateFile(path: string | Buffer, inode: bigint): boolean {
  const isDescriptor = /^\/proc\/self\/fd\/\d+$/.test(path.toString('latin1'));
  const fd = openSync(path, isDescriptor ? WRITE & ~constants.O_NOFOLLOW : WRITE);
  try {
    const found = fstatSync(fd, { bigint: true });
    if (!found.isFile() || found.nlink > 1n || found.ino !== inode) return false;
    if (found.size > 0n) ftruncateSync(fd);
    return true;
  } finally {
    closeSync(fd);
  }
}

/**
 * Erases the content of a plain file by the name of its descriptor (`/proc/self/fd/N`), whatever names it has: every one of
 * them leads to an empty file then, also after a power loss. Overwrites it first, since other names outlive the removal.
 * Throws Node's system error.
 */
export async function eraseContent(self: string, mode: bigint): Promise<void> {
  if ((mode & 0o200n) === 0n) chmodSync(self, 0o600);
  const fd = openSync(self, WRITE & ~constants.O_NOFOLLOW);
  try {
    const slices = new TimeSlices();
    const { size } = fstatSync(fd);
    for (let offset = 0; offset < size;) {
      offset += writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, size - offset), offset);
      await slices.next();
    }
    if (size > 0) await flush(fd);
    ftruncateSync(fd);
    await flush(fd);
  } finally {
    closeSync(fd);
  }
}
