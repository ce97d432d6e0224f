import type { Logger } from 'pino';
import { asEscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { maintainReleases } from '../releases/upkeep.ts';

const HOUR_MS = 3_600_000;

/** Maintains releases now and each hour. A failure is logged; the next hour retries. `stop` waits for a round that has started. */
export function maintainReleasesHourly(
  ledger: Ledger,
  log: Pick<Logger, 'warn'>,
): { readonly stop: () => Promise<void> } {
  let round = Promise.resolve();
  const start = (): void => {
    round = maintainReleases(ledger).catch((error: unknown) => {
      const { code, message } = asEscrowError(error);
      log.warn({ code, reason: message }, 'cannot maintain releases; retrying in an hour');
    });
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
