import type { Logger } from 'pino';
import type { WebhookSetting } from '../config/webhook-setting.ts';
import { asEscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { measure } from '../system/telemetry.ts';
import { Backoff, type Pauses } from '../system/time/backoff.ts';
import {
  addEndedRuns,
  addPendingRemovals,
  cleanUp,
  countPending,
  nextDelivery,
  type DeliveryRow,
  recordAttempt,
} from './queue.ts';
import { send } from './send.ts';
import { readSigningKey, signatureHeaders } from './sign.ts';

const ROUND_MS = 5000;
const PAUSES: Pauses = { first: 5000, longest: 3600 * 1000 };
/** A delivery that fails for so long is dropped. */
const GIVE_UP_MS = 3 * 24 * 3600 * 1000;
/** Deliveries to one receiver in one round. */
const ROUND_MAX = 100;

/** Options of the webhooks. The intervals are for tests. */
interface WebhookOptions {
  readonly ledger: Ledger;
  readonly hooks: readonly WebhookSetting[];
  readonly log: Pick<Logger, 'warn'>;
  readonly roundMs?: number | undefined;
  readonly pauses?: Pauses;
  readonly clock?: () => Date;
}

/** A receiver and the time before which it gets no further request, on the monotonic clock. */
interface Receiver {
  readonly hook: WebhookSetting;
  readonly backoff: Backoff;
  notBefore: number;
}

/**
 * Reports ended runs and late removals to the configured receivers. The ledger has a row for each delivery before the first
 * attempt, so that every event is delivered at least once, also after a restart of the daemon.
 */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #receivers: readonly Receiver[];
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #pending = 0;
  #hasChanges = false;
  #lastProblem = '';

  constructor(options: WebhookOptions) {
    const { hooks, pauses = PAUSES } = options;
    this.#options = options;
    this.#receivers = hooks.map((hook) => ({ hook, backoff: new Backoff(pauses), notBefore: 0 }));
  }

  /** Number of pending deliveries in the last round. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether deliveries are pending, or changes of the ledger may cause some. Then the daemon is not idle. */
  get isBusy(): boolean {
    return this.#pending > 0 || this.#hasChanges;
  }

  /** Starts the rounds. Without receivers, does nothing. */
  async start(): Promise<void> {
    if (this.#receivers.length === 0) return;
    const { ledger, hooks, roundMs = ROUND_MS } = this.#options;
    await this.#attempt(() =>
      cleanUp(
        ledger,
        hooks.map(({ id }) => id),
      ),
    );
    // Awaited: what ends after the start is reported.
    for (const { hook } of this.#receivers) await this.#attempt(() => addEndedRuns(ledger, hook));
    ledger.changes.on('change', this.#noteChange);
    this.#timer = setInterval(() => void this.#runRound(), roundMs);
    void this.#runRound();
  }

  /** Aborts the current attempt. Its event is delivered again after the next start. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#options.ledger.changes.off('change', this.#noteChange);
    this.#stopping.abort();
    await this.#round;
  }

  readonly #noteChange = (): void => {
    this.#hasChanges = true;
  };

  async #runRound(): Promise<void> {
    this.#round ??= this.#deliverAll().finally(() => (this.#round = undefined));
    await this.#round;
  }

  async #deliverAll(): Promise<void> {
    const { ledger, clock = () => new Date() } = this.#options;
    this.#hasChanges = false;
    await Promise.all(
      this.#receivers.map((receiver) =>
        this.#attempt(async () => {
          const { hook } = receiver;
          const dropped =
            (await addEndedRuns(ledger, hook)) + (await addPendingRemovals(ledger, hook, clock()));
          this.#reportDropped(hook, dropped, 'too many deliveries are pending');
          for (let sent = 0; sent < ROUND_MAX && performance.now() >= receiver.notBefore; sent++)
            if (!(await this.#deliverNext(receiver))) break;
        }),
      ),
    );
    await this.#attempt(async () => (this.#pending = await countPending(ledger.db)));
  }

  /** Attempts one delivery. Returns false if there is none, or if the daemon stops. */
  async #deliverNext(receiver: Receiver): Promise<boolean> {
    const { ledger, log, clock = () => new Date() } = this.#options;
    const { hook, backoff } = receiver;
    const row = await nextDelivery(ledger.db, hook.id);
    if (row === undefined || this.#isStopping()) return false;
    const failure = await this.#send(hook, row);
    if (this.#isStopping()) return false;
    if (failure === undefined) {
      backoff.reset();
      measure('webhook', { result: 'delivered' });
      await recordAttempt(ledger, row, 'delivered');
      return true;
    }
    receiver.notBefore = performance.now() + backoff.next();
    measure('webhook', { result: 'failed' });
    if (row.attempts === 0)
      log.warn({ hook: hook.url.origin, run: row.run_id, reason: failure }, 'webhook failed; retrying');
    const isOver = clock().getTime() - Date.parse(row.created_at) > GIVE_UP_MS;
    await recordAttempt(ledger, row, isOver ? 'dropped' : 'failed');
    if (isOver) this.#reportDropped(hook, 1, `it failed for 3 days: ${failure}`);
    return true;
  }

  /** A method, because TypeScript assumes that the property does not change during an await. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Returns why the delivery failed, or undefined. */
  async #send({ url, secretFile }: WebhookSetting, { id, body }: DeliveryRow): Promise<string | undefined> {
    const { clock = () => new Date() } = this.#options;
    let headers: Record<string, string>;
    try {
      const seconds = clock().getTime() / 1000;
      headers = signatureHeaders(readSigningKey(secretFile), { id, body, seconds });
    } catch (error) {
      return asEscrowError(error).message;
    }
    return send({ url, headers, body, signal: this.#stopping.signal });
  }

  #reportDropped(hook: WebhookSetting, count: number, reason: string): void {
    for (let each = 0; each < count; each++) measure('webhook', { result: 'dropped' });
    if (count > 0) this.#options.log.warn({ hook: hook.url.origin, count, reason }, 'dropped webhooks');
  }

  /** A failure, such as a ledger on a full disk or an unreadable secret, must not stop the other receivers. The next round retries. */
  async #attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { code, message } = asEscrowError(error);
      this.#warnOnce(code, message);
    }
  }

  #warnOnce(code: string, reason: string): void {
    if (reason === this.#lastProblem) return;
    this.#lastProblem = reason;
    this.#options.log.warn({ code, reason }, 'cannot deliver webhooks; retrying');
  }
}
