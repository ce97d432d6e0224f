import { asEscrowError } from '../errors.ts';
import { step } from '../host/steps.ts';
import type { Engine } from './engine.ts';
import type { LeaseRow } from './queries.ts';

/**
 * Has the object itself say how long its run lives at least, for whoever finds it. Where that fails nothing is lost but
 * that: who sweeps is shown the run as expired, half a lease early. It is tried again at the next renewal.
 */
export async function renewOutside(engine: Engine, lease: LeaseRow, expiresAt: string): Promise<void> {
  if (lease.state !== 'placed') return;
  const { run_id: run, target, anchor, sent_at: sentAt } = lease;
  try {
    await step(engine.faults, 'lease.renew', () =>
      engine.stores.get(lease.store)?.renew?.({ target, anchor, sentAt }, expiresAt),
    );
  } catch (error) {
    engine.log.warn({ run, target, reason: asEscrowError(error).message }, 'the lease was renewed here only');
  }
}
