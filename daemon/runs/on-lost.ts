import { asEscrowError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { cancelOrphans, sweepOrphans } from './orphans.ts';
import { getRun } from './queries.ts';

/** Whether the purge of a run that is over has to wait for jobs of it. Cancels them where that is wanted. */
export async function isHeldBack(engine: Engine, id: string): Promise<boolean> {
  const { onLost } = engine;
  if (onLost === 'purge-now' || (await sweepOrphans(engine, id)) === 0) return false;
  if (onLost === 'cancel-jobs') {
    try {
      await cancelOrphans(engine, id);
    } catch (error) {
      // Nothing keeps secrets for the sake of a scheduler that does not answer; the jobs stay on the list.
      engine.log.warn(
        { run: id, code: asEscrowError(error).code },
        'jobs that were left could not be cancelled',
      );
    }
    return false;
  }
  const { ended_at } = await getRun(engine.ledger.db, id);
  return engine.clock().getTime() < Date.parse(ended_at ?? '') + onLost.wait * 1000;
}
