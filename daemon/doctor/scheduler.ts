import { asEscrowError } from '../errors.ts';
import { detectExecutor, schedulerOf } from '../schedulers/detect.ts';
import type { Executor } from '../schedulers/scheduler.ts';
import { failure, ok, type Check } from './check.ts';

const NAME = 'scheduler';

/** Whether a scheduler answers: the one that is named, else the one whose commands are found. */
export async function checkScheduler(named: Executor | undefined): Promise<Check[]> {
  let executor = named;
  try {
    executor ??= detectExecutor();
  } catch {
    return [ok(NAME, 'none has its commands on PATH: runs are of this machine')];
  }
  try {
    const left = await schedulerOf(executor).find('nf-escrow-doctor');
    return [
      ok(NAME, `${executor} answers${left.length > 0 ? '; probe jobs of doctor are still there' : ''}`),
    ];
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    return [failure(NAME, `${executor}: ${message}`, hint)];
  }
}
