import { asEscrowError } from '../../errors.ts';
import type { Executor } from '../../contract/types.ts';
import { detectExecutor, submitCommands } from '../../schedulers/registry.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';

const NAME = 'scheduler';

/**
 * Whether the scheduler answers: the one that a compute environment names, else the one whose commands are found. Of one
 * that nobody named it is a warning: runs may all stay on this machine.
 */
export async function checkScheduler(
  { env, schedulerOf }: Pick<DoctorContext, 'env' | 'schedulerOf'>,
  named?: Executor,
): Promise<Check[]> {
  const executor = named ?? detected(env['PATH']);
  if (executor === undefined)
    return [ok(NAME, `none has its commands on PATH (${submitCommands}): runs stay on this machine`)];
  try {
    await schedulerOf(executor).find('nf-escrow-doctor');
    return [ok(NAME, `${executor} answers`)];
  } catch (error) {
    const { message, hint } = asEscrowError(error);
    const tell = named === undefined ? warning : failure;
    return [tell(NAME, `${executor}: ${message}`, hint)];
  }
}

/** The scheduler whose commands are found; undefined where there is none. */
export function detected(path: string | undefined): Executor | undefined {
  try {
    return detectExecutor(path ?? '');
  } catch {
    return undefined; // it says that there is none
  }
}
