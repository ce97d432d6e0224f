import { asEscrowError } from '../../errors.ts';
import type { Executor } from '../../contract/types.ts';
import { detectExecutor, submitCommands } from '../../schedulers/registry.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'scheduler';

/**
 * Checks whether the scheduler responds: the one that a compute environment names, or the one that is detected. For a detected
 * one, failure is only a warning, because all runs may stay on this machine.
 */
export async function checkScheduler(
  { env, schedulerOf }: Pick<DoctorContext, 'env' | 'schedulerOf'>,
  named?: Executor,
): Promise<Check[]> {
  const executor = named ?? detected(env['PATH']);
  if (executor === undefined)
    return [ok(NAME, `no scheduler commands on PATH (${submitCommands}): runs stay on this machine`)];
  try {
    await schedulerOf(executor).find('nf-escrow-doctor');
    return [ok(NAME, `${executor} responds`)];
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    const report = named === undefined ? warning : failure;
    return [report(NAME, `${executor}: ${message}`, hint)];
  }
}

/** Returns the scheduler whose commands are on PATH, or undefined. */
export function detected(path: string | undefined): Executor | undefined {
  try {
    return detectExecutor(path ?? '');
  } catch {
    return undefined; // the error says that there is none
  }
}
