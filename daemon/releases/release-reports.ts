import type { Logger } from 'pino';
import { connectServer } from '../api-client/https/server-client.ts';
import { asEscrowError, type ErrorCode } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import { Backoff, type Pauses } from '../system/time/backoff.ts';
import { forgetRelease, queueReports, recordDelivered, type ReceivedRelease } from './report-queue.ts';

const ROUND_MS = 2000;
const PAUSES: Pauses = { first: 2000, longest: 10 * 60_000 };
/** A slow report delays only the next report. */
const TIMEOUT_MS = 20_000;

/** Errors with which a server rejects what the report contains: a repetition would not help. */
const REJECTED: readonly ErrorCode[] = ['request-invalid', 'request-unprocessable', 'payload-too-large'];
/** Errors that concern the whole server. With any other one, only the report waits: the server accepts those of other runs. */
const OF_SERVER: readonly ErrorCode[] = [
  'server-unreachable',
  'not-ready',
  'ledger-unavailable',
  'too-many-requests',
];

/** Interval of reports on a run whose secrets a server holds, although nothing has changed: they would expire after a day. */
const RENEWAL_MS = 3_600_000;

/** Options of the reports. The intervals are for tests. */
interface ReportOptions {
  readonly ledger: Ledger;
  /** Of this daemon in the ledger. */
  readonly epoch: number;
  readonly log: Pick<Logger, 'warn'>;
  readonly faults: FaultInjector;
  readonly roundMs?: number | undefined;
  readonly renewalMs?: number;
  readonly pauses?: Pauses;
}

/** A server or a report that was not accepted, and the time before which it is not tried again, on the monotonic clock. */
interface Failing {
  readonly backoff: Backoff;
  notBefore: number;
}

/**
 * Reports the states of runs to the team servers that released secrets to them. Each report is written to the ledger before it
 * is sent, so that it is sent at least once, even after a restart. Neither a run nor a purge waits for it.
 */
export class ReleaseReports {
  readonly #options: ReportOptions;
  /** By address of a server, and by run. */
  readonly #failing = new Map<string, Failing>();
  /** When a run was last reported, on the monotonic clock. */
  readonly #reportedAt = new Map<string, number>();
  #lookedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #isStopping = false;
  #hasChanges = true;
  #hasFailed = false;
  #pending = 0;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  /** Whether reports are pending that a server may accept now. A server that does not answer does not keep the daemon running. */
  get isBusy(): boolean {
    return this.#pending > 0 && this.#failing.size === 0;
  }

  start(): void {
    const { ledger, roundMs = ROUND_MS } = this.#options;
    ledger.changes.on('change', this.#noteChange);
    this.#timer = setInterval(() => void this.#runRound(), roundMs);
    void this.#runRound();
  }

  /** Waits for a report that is being sent. It is sent again after the next start if its result is not recorded. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    this.#options.ledger.changes.off('change', this.#noteChange);
    await this.#round;
  }

  readonly #noteChange = (): void => {
    this.#hasChanges = true;
  };

  async #runRound(): Promise<void> {
    const { renewalMs = RENEWAL_MS } = this.#options;
    const isTime = performance.now() - this.#lookedAt > renewalMs / 10;
    if (!this.#hasChanges && this.#pending === 0 && !isTime) return;
    this.#round ??= this.#sendAll().finally(() => (this.#round = undefined));
    await this.#round;
  }

  /** A failure must not affect the rest of the daemon. The next round retries. */
  async #sendAll(): Promise<void> {
    const { ledger, epoch, log, faults, renewalMs = RENEWAL_MS } = this.#options;
    this.#hasChanges = false;
    this.#lookedAt = performance.now();
    const isDue = ({ run_id: run }: ReceivedRelease): boolean =>
      performance.now() - (this.#reportedAt.get(run) ?? -Infinity) > renewalMs;
    try {
      const pending = await queueReports(ledger, epoch, faults, isDue);
      this.#pending = pending.length;
      for (const row of pending) if (!this.#mustWait(row)) await this.#send(row);
      this.#hasFailed = false;
    } catch (error) {
      this.#hasChanges = true;
      const { code, message } = asEscrowError(error);
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      log.warn({ code, reason: message }, 'cannot report the states of runs; retrying');
    }
  }

  #mustWait({ server, run_id }: ReceivedRelease): boolean {
    const isEarly = (key: string): boolean => performance.now() < (this.#failing.get(key)?.notBefore ?? 0);
    return this.#isStopping || isEarly(server) || isEarly(run_id);
  }

  async #send(row: ReceivedRelease): Promise<void> {
    const { ledger, log, faults } = this.#options;
    const { server, run_id: run } = row;
    try {
      await step(faults, 'report.send', () => sendReport(row));
    } catch (error) {
      const { code, message } = asEscrowError(error);
      if (REJECTED.includes(code)) {
        await this.#drop(row, message);
        return;
      }
      if (code !== 'unauthenticated') {
        this.#postpone(row, OF_SERVER.includes(code) ? row.server : row.run_id, message);
        return;
      }
      log.warn({ server, run }, 'the server no longer has the release; sending no further reports');
      await step(faults, 'report.record', () => forgetRelease(ledger, row));
      this.#failing.delete(run);
      return;
    }
    await this.#complete(row);
  }

  async #complete(row: ReceivedRelease): Promise<void> {
    const { ledger, faults } = this.#options;
    this.#failing.delete(row.server);
    this.#failing.delete(row.run_id);
    this.#reportedAt.set(row.run_id, performance.now());
    await step(faults, 'report.record', () => recordDelivered(ledger, row));
    this.#pending -= 1;
  }

  /** The server would reject the report each time, and later reports would wait for it. The next change makes another report. */
  async #drop(row: ReceivedRelease, reason: string): Promise<void> {
    const { log } = this.#options;
    log.warn({ server: row.server, run: row.run_id, reason }, 'the server rejects a report; it is dropped');
    await this.#complete(row);
  }

  /** `key`: what waits, the server or the run. */
  #postpone({ server, run_id: run }: ReceivedRelease, key: string, reason: string): void {
    const { log, pauses = PAUSES } = this.#options;
    const known = this.#failing.get(key);
    if (known === undefined) log.warn({ server, run, reason }, 'cannot report the state of a run; retrying');
    const { backoff } = known ?? { backoff: new Backoff(pauses) };
    this.#failing.set(key, { backoff, notBefore: performance.now() + backoff.next() });
  }
}

async function sendReport({
  server,
  ca_file,
  credential,
  release_id,
  report,
}: ReceivedRelease): Promise<void> {
  const client = connectServer({
    ...{ url: new URL(server), token: credential, timeoutMs: TIMEOUT_MS },
    ...(ca_file === null ? {} : { caFile: ca_file }),
  });
  try {
    const path = `/v1/releases/${encodeURIComponent(release_id)}/state`;
    await client.call('PUT', path, JSON.parse(report ?? '{}'));
  } finally {
    client.close();
  }
}
