import { userInfo } from 'node:os';
import type { JobOrigin } from './scheduler.ts';

/** Origin of a job that the scheduler knows but does not describe. */
export const unknownOrigin: JobOrigin = {
  owner: null,
  isOurs: false,
  workDirectory: null,
  submittedAt: null,
};

/** Returns the origin of a job whose scheduler reports the owner's name. */
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
