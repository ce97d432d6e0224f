import { userInfo } from 'node:os';
import type { JobOrigin } from './scheduler.ts';

/** The scheduler knows the job, and does not say where it comes from. */
export const unknownOrigin: JobOrigin = {
  owner: null,
  isOurs: false,
  workDirectory: null,
  submittedAt: null,
};

/** The origin of a job whose scheduler tells its owner's name. */
export function originOf(
  owner: string | undefined,
  workDirectory: string | undefined,
  submittedAt: number | undefined,
): JobOrigin {
  return {
    owner: owner ?? null,
    isOurs: owner !== undefined && owner === userInfo().username,
    workDirectory: workDirectory ?? null,
    submittedAt: submittedAt === undefined || Number.isNaN(submittedAt) ? null : submittedAt,
  };
}
