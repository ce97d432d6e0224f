import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { EscrowError } from '../errors.ts';
import type { Clock } from '../system/time/clock.ts';

/** An SDK client of any service. */
interface Client {
  readonly config: Pick<SecretsManagerClient['config'], 'signer' | 'systemClockOffset'>;
}
type Signer = Awaited<ReturnType<Client['config']['signer']>>;

/** The send time of a request. It is recorded in the ledger before the request is signed. */
export interface SendTime {
  /** AWS's time, in milliseconds since 1970. */
  readonly at: number;
  /** The same moment on the monotonic clock. */
  readonly elapsed: number;
}

/**
 * Maximum time from recording to signing, in milliseconds: long enough for a slow ledger, much shorter than
 * UNANSWERED_MS.
 */
const SIGN_WITHIN_MS = 60_000;

/**
 * Signs each create request with the send time that the ledger recorded for it, and uses each send time only once.
 *
 * A process may be paused (SIGSTOP, a suspended machine) between recording and sending for longer than the daemon
 * waits for late objects (UNANSWERED_MS). When it resumes, AWS rejects the signature as expired, whatever this
 * machine's clock says, so an object that was declared absent cannot appear. The monotonic clock stops most such
 * requests before they are sent. It is not sufficient on its own because it stops while a machine is suspended. A
 * retry needs a new record.
 */
export class DatedRequests {
  readonly #client: Client;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #open: SendTime | undefined;
  #isDated = false;

  constructor(client: Client, clock: Pick<Clock, 'monotonic'>) {
    this.#client = client;
    this.#clock = clock;
    const signerFor = client.config.signer;
    client.config.signer = async (scheme) => {
      const signer = await signerFor(scheme);
      return { sign: async (request, options) => this.#sign(signer, request, options) };
    };
  }

  /**
   * Returns the send time for a request that is sent now: the local time plus the offset that the SDK learned from
   * AWS.
   */
  now(): SendTime {
    return { at: Date.now() + this.#client.config.systemClockOffset, elapsed: this.#clock.monotonic() };
  }

  /**
   * Runs `work`, which sends one request of the client, and signs that request with `time`. The ledger must have stored
   * `time`. Requests of one client are sent one after another. Throws `store-unavailable` if it is too late to sign.
   */
  async sendAt<T>(time: SendTime, work: () => Promise<T>): Promise<T> {
    this.#open = time;
    this.#isDated = true;
    try {
      return await work();
    } finally {
      this.#open = undefined;
      this.#isDated = false;
    }
  }

  async #sign(
    signer: Signer,
    request: Parameters<Signer['sign']>[0],
    options: Parameters<Signer['sign']>[1],
  ): ReturnType<Signer['sign']> {
    if (!this.#isDated) return signer.sign(request, options); // a read request
    const time = this.#open;
    this.#open = undefined;
    if (time === undefined)
      throw new EscrowError('internal', 'Cannot sign a request: its recorded send time was already used.');
    const late = this.#clock.monotonic() - time.elapsed;
    if (late > SIGN_WITHIN_MS)
      throw new EscrowError(
        'store-unavailable',
        `Cannot send a request to AWS: this process was paused for ${String(Math.round(late / 1000))} s, and the request has expired.`,
        { hint: 'Run the command again.' },
      );
    return signer.sign(request, { ...options, signingDate: new Date(time.at) });
  }
}
