import { systemCode } from '../../errors.ts';

/** Errors of a disk that is full, read-only or faulty, or whose server is unreachable: errno(3). */
const OF_DISK = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ESTALE', 'ENOTCONN', 'ETIMEDOUT', 'EHOSTDOWN'];

/** Returns whether the error comes from the disk, not from the files on it. */
export function isDiskError(error: unknown): boolean {
  return OF_DISK.includes(systemCode(error) ?? '');
}
