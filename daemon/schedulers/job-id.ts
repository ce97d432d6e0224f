import type { Executor } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { definitionOf } from './registry.ts';

/** Whether a text has the format of a scheduler's job ids. */
export function isJobId(executor: Executor, id: string): boolean {
  return definitionOf(executor).jobId.test(id);
}

/** Throws `request-invalid` for an id that the scheduler cannot have given to a job. */
export function assertJobId(executor: Executor, id: string): void {
  if (!isJobId(executor, id))
    throw new EscrowError(
      'request-invalid',
      `${JSON.stringify(id.slice(0, 80))} is no job id of ${executor}.`,
    );
}
