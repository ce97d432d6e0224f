import { systemCode } from '../../errors.ts';

/** A disk that is full, cannot be written, fails, or whose server has gone: errno(3). */
const OF_DISK = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ESTALE', 'ENOTCONN', 'ETIMEDOUT', 'EHOSTDOWN'];

/** Whether the disk is to blame, and not what stands on it. */
export function isDiskError(error: unknown): boolean {
  return OF_DISK.includes(systemCode(error) ?? '');
}
