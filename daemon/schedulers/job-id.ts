import type { Executor } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { definitionOf } from './registry.ts';

/** Returns whether a text has the format of a scheduler's job ids. */
export function isJobId(executor: Executor, id: string): boolean {
  return definitionOf(executor).jobId.test(id);
}

/** Throws `request-unprocessable` unless the text has the format of a scheduler's job ids. */
export function assertJobId(executor: Executor, id: string): void {
  if (!isJobId(executor, id))
    throw new EscrowError(
      'request-unprocessable',
      `Invalid job id of ${executor}: ${JSON.stringify(id.slice(0, 80))}.`,
    );
}
