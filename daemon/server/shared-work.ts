import { hostname } from 'node:os';
import type { Claim, Claims } from '../ledger/postgres/claims.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import type { ServerLedger } from './ledger/server-ledger.ts';

type Postgres = NonNullable<ServerLedger['postgres']>;

/** Returns the claims of this process, under a name that others can recognize. `seconds`: tests shorten them. */
export function claimsOf(postgres: Postgres, seconds?: number): Claims {
  return postgres.claims(`${hostname()} ${String(process.pid)}`, seconds);
}

/**
 * Runs work of the table `shared_work`, which one replica at a time does. Does nothing if another replica has claimed it. Releases the claim
 * also after a failure.
 */
export async function withSharedWork(
  postgres: Postgres,
  id: string,
  faults: FaultInjector,
  work: (claims: Claims, claim: Claim) => Promise<void>,
): Promise<void> {
  const claims = claimsOf(postgres);
  const [claim] = await step(faults, 'work.claim', async (): Promise<Claim[]> => {
    await claims.add(id);
    return claims.take('shared_work', (eb) => eb('id', '=', id), 1);
  });
  if (claim === undefined) return;
  try {
    await work(claims, claim);
  } finally {
    await step(faults, 'work.finish', () => claims.release(claim));
  }
}
