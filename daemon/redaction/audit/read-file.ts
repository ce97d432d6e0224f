import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { systemCode } from '../../errors.ts';

/** Why a file was not read, or only in part. */
export type FileGap = 'budget' | 'not-plain' | 'unreadable' | 'time';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * Passes a file's bytes to `take` until it returns a reason to stop. The pipeline can replace a file by anything, so links are
 * not followed, and opening a FIFO does not wait. Returns the file's status when it was opened, and a reason if it was not
 * read up to its size at that time; undefined if it does not exist.
 */
export function readWhole(
  path: string,
  buffer: Buffer,
  take: (part: Buffer) => FileGap | undefined,
): { readonly stat?: Stats; readonly gap?: FileGap } | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    const stat = fstatSync(fd);
    if (!stat.isFile()) return { gap: 'not-plain' };
    for (let at = 0; at < stat.size;) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, stat.size - at), at);
      if (count === 0) break;
      at += count;
      const gap = take(buffer.subarray(0, count));
      if (gap !== undefined) return { stat, gap };
    }
    return { stat };
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'ENOENT') return undefined;
    return { gap: ['ELOOP', 'ENXIO', 'ENOTDIR'].includes(code) ? 'not-plain' : 'unreadable' };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
