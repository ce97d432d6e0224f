import { EscrowError } from '../../../errors.ts';
import { assertOneRun } from '../../../runs/records/assert-one-run.ts';
import type { Context } from '../../context.ts';
import { readDuration } from '../../io/duration.ts';
import { eventsOfRun, lookAtRun } from './look-at-run.ts';

/**
 * Waits until a run is purged, and sets the run's exit status. Throws `run-alive` if that takes longer than `timeout`, which does
 * not affect the run.
 */
export async function waitForRun(
  context: Context,
  wanted: string,
  { timeout }: { timeout?: string },
): Promise<void> {
  const signal = timeout === undefined ? undefined : AbortSignal.timeout(readDuration('--timeout', timeout));
  const { id, namesakes = [] } = await lookAtRun(context, wanted);
  assertOneRun(wanted, id, namesakes);
  for await (const { type } of eventsOfRun(context, id, signal)) if (type === 'run.purged') break;
  const run = await lookAtRun(context, id);
  if (run.state !== 'purged')
    throw new EscrowError(
      'run-alive',
      `Stopped waiting for run ${id}: it is still ${run.state} after ${/\d$/.test(timeout ?? '') ? `${timeout ?? ''} s` : (timeout ?? '')}.`,
      { hint: `The run is not affected. Wait again, or see it with: nf-escrow runs watch ${id}` },
    );
  process.exitCode = run.exitStatus ?? (run.outcome === 'succeeded' ? 0 : 1);
}
