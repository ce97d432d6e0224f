import type { Logger } from 'pino';
import { asEscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { maintainReleases } from '../releases/upkeep.ts';
import type { FaultInjector } from '../system/steps.ts';
import type { Delivering } from '../deliveries/delivering.ts';
import { sweepIfDue } from './sweep-lost.ts';
import { expireEvents } from './audit/expire-events.ts';
import type { ServerLedger } from './ledger/server-ledger.ts';
import { withSharedWork } from './shared-work.ts';

const HOUR_MS = 3_600_000;
/** The shared work of all replicas (`shared_work`). */
const WORK = 'releases';

/**
 * Maintains releases and the audit log now and each hour, and searches for deliveries that the ledger lacks. One replica at a time maintains
 * releases: the others leave it to the one that has claimed it. `retentionDays`: of the audit log. A failure is logged; the next hour
 * retries. `stop` waits for a round that has started.
 */
export function maintainHourly(
  store: ServerLedger,
  retentionDays: number | undefined,
  faults: FaultInjector,
  log: Pick<Logger, 'warn'>,
  deliveries: Delivering,
): { readonly stop: () => Promise<void> } {
  const attempt = async (what: string, work: Promise<void>): Promise<void> => {
    await work.catch((error: unknown) => {
      const { code, message } = asEscrowError(error);
      log.warn({ code, reason: message }, `cannot maintain ${what}; retrying in an hour`);
    });
  };
  let round = Promise.resolve();
  const start = (): void => {
    round = (async () => {
      await attempt('releases', maintainClaimed(store, faults));
      await attempt('what the ledger may lack', sweepIfDue(store, deliveries));
      if (retentionDays !== undefined) await attempt('the audit log', expireEvents(store, retentionDays));
    })();
  };
  start();
  const timer = setInterval(start, HOUR_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

async function maintainClaimed(
  { ledger, postgres }: Pick<ServerLedger, 'ledger' | 'postgres'>,
  faults: FaultInjector,
): Promise<void> {
  if (postgres === undefined) {
    await maintainReleases(ledger, faults);
    return;
  }
  await withSharedWork(postgres, WORK, faults, async (claims, claim) => {
    // Each write fails if another replica has claimed the work since, because this one was paused.
    const write: Ledger['write'] = (work) =>
      claims.write(claim, (db) => work(db as unknown as Parameters<typeof work>[0]));
    await maintainReleases({ clock: ledger.clock, write }, faults);
  });
}
