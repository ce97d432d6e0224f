import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { EscrowError } from '../errors.ts';
import type { Clock } from '../system/time/clock.ts';

/** A client of the SDK, of any service. */
interface Client {
  readonly config: Pick<SecretsManagerClient['config'], 'signer' | 'systemClockOffset'>;
}
type Signer = Awaited<ReturnType<Client['config']['signer']>>;

/** When a request is sent: it is written down before the request is signed. */
export interface SendTime {
  /** AWS's time, in milliseconds since 1970. */
  readonly at: number;
  /** The same moment on the monotonic clock. */
  readonly elapsed: number;
}

/** From the send time to the signature, in milliseconds: long enough for a slow ledger, short against LATE_MS. */
const SIGN_WITHIN_MS = 60_000;

/**
 * Signs requests that make something with the time that was recorded for them, and each time once. A process may be
 * paused (SIGSTOP, a suspended machine) between the record and the request for longer than its object is looked for
 * afterwards (LATE_MS). When it goes on, AWS refuses the signature as expired, however this machine's clock stands, and
 * what was declared absent cannot appear. The monotonic clock keeps most such requests from being sent at all; it stops
 * while a machine is suspended, so it is not enough by itself. Another attempt takes another record.
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

  /** The send time of a request that is to be sent now: this machine's, set right by what AWS's answers have told the SDK. */
  now(): SendTime {
    return { at: Date.now() + this.#client.config.systemClockOffset, elapsed: this.#clock.monotonic() };
  }

  /**
   * Has `work` send one request of the client, signed with `time`, which is on the disk. Requests of one client are sent
   * one after another. Throws `store-unavailable` where it is too late to sign.
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
    if (!this.#isDated) return signer.sign(request, options); // it only asks
    const time = this.#open;
    this.#open = undefined;
    if (time === undefined)
      throw new EscrowError('internal', 'A request would be signed twice with one recorded time.');
    const late = this.#clock.monotonic() - time.elapsed;
    if (late > SIGN_WITHIN_MS)
      throw new EscrowError(
        'store-unavailable',
        `Cannot send a request to AWS: its time was recorded ${String(Math.round(late / 1000))} s ago: this process was paused, and what the request makes may have been declared absent since.`,
        { hint: 'Start the run again.' },
      );
    return signer.sign(request, { ...options, signingDate: new Date(time.at) });
  }
}
