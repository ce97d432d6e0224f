import type { Delivering } from '../deliveries/delivering.ts';
import { sweepDeliveries } from '../deliveries/sweep-deliveries.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import { readMeta, writeMeta } from '../ledger/meta.ts';
import { serverPlatforms } from '../stores/registry.ts';
import { step } from '../system/steps.ts';
import type { ServerLedger } from './ledger/server-ledger.ts';
import { withSharedWork } from './shared-work.ts';

const ROW = 'sweep';
/** The shared work of all replicas. */
const WORK = 'sweep';
const DAY_MS = 24 * 3_600_000;
/** A secret whose run is not known is removed when it has expired, at the earliest two days after it was last read. */
const SWEEPS_MS = 30 * DAY_MS;
const INTERVAL_MS = 6 * 3_600_000;

/** Until when sweeps are needed, and when the last one was, in milliseconds. */
interface Sweeps {
  readonly until: number;
  readonly last: number;
  /** The cluster whose change has requested them. */
  readonly cluster?: string;
}

/** Requests sweeps, because the ledger may lack deliveries. Call it in the transaction of a restore. */
export async function requestSweep(db: Queries, now: number, cluster?: string): Promise<void> {
  await write(db, { until: now + SWEEPS_MS, last: 0, ...(cluster === undefined ? {} : { cluster }) });
}

/**
 * Searches the places of compute environments for secrets that no delivery names, several times after a restore and after a change of the
 * database cluster. One replica at a time does it. Does nothing while no sweep is due.
 */
export async function sweepIfDue(
  { ledger, postgres }: Pick<ServerLedger, 'ledger' | 'postgres'>,
  deliveries: Delivering,
): Promise<void> {
  const changed = await findChangedCluster(postgres);
  if (changed !== undefined)
    await step(deliveries.faults, 'work.claim', () =>
      ledger.write(async (db) => {
        if ((await read(db))?.cluster !== changed) await requestSweep(db, ledger.clock.now(), changed);
      }),
    );
  const sweeps = await read(ledger.db);
  const now = ledger.clock.now();
  if (sweeps === undefined || now > sweeps.until || now - sweeps.last < INTERVAL_MS) return;
  const work = async (): Promise<void> => {
    await sweepDeliveries(deliveries, (environment, sweeper) => {
      const platform = environment.platform as keyof typeof serverPlatforms;
      return serverPlatforms[platform].sweep(environment, sweeper);
    });
    await step(deliveries.faults, 'work.finish', () =>
      ledger.write((db) => write(db, { ...sweeps, last: ledger.clock.now() })),
    );
  };
  if (postgres === undefined) await work();
  else await withSharedWork(postgres, WORK, deliveries.faults, work); // idempotent, so that a second replica may do it if this one is paused
}

/** Returns the cluster of the database if it has changed since it was accepted. */
async function findChangedCluster(postgres: ServerLedger['postgres']): Promise<string | undefined> {
  if (postgres === undefined) return undefined;
  const { changed, current } = await postgres.compareCluster();
  return changed ? `${current.systemIdentifier} ${String(current.timeline)}` : undefined;
}

async function read(db: Ledger['db'] | Queries): Promise<Sweeps | undefined> {
  const value = await readMeta(db, ROW);
  return value === undefined ? undefined : (JSON.parse(value) as Sweeps);
}

async function write(db: Queries, sweeps: Sweeps): Promise<void> {
  await writeMeta(db, ROW, JSON.stringify(sweeps));
}
