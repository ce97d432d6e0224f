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
 * Truncates a regular file with a single name. Returns false if it is not one, or has another inode. Follows no link except
 * `/proc/self/fd/N`, the name of a descriptor.
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
 * Erases the content of a regular file through the name of its descriptor (`/proc/self/fd/N`). All its names then refer to an
 * empty file, also after a power loss. Overwrites the content first, because other names outlive the removal. Throws Node's
 * system error.
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
