import { connectServer, type ServerClient } from '../api-client/https/server-client.ts';
import type { DeliveryState } from '../contract/types.ts';
import { validate } from '../contract/validate.ts';
import { EscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { HELD_BY_SERVER } from '../releases/held-by-server.ts';
import type { ReceivedRelease } from '../releases/report-queue.ts';
import type { Finding, LeaseLocation, LeaseRemover } from '../stores/store.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import type { Clock } from '../system/time/clock.ts';
import { poll } from '../system/time/retry.ts';

/** Time in which a server accepts a request for a delivery, by its own clock. */
export const REQUEST_MS = 10 * 60_000;
/** Difference of the clocks of a server and this host. */
const SKEW_MS = 5 * 60_000;
const TIMEOUT_MS = 30_000;
/** How long to wait for a removal on the server before the objects are reported as present. */
const REMOVAL_MS = 20_000;
const PAUSES = { first: 250, longest: 2000 };

interface Options {
  readonly ledger: Pick<Ledger, 'db'>;
  readonly clock: Clock;
  readonly faults: FaultInjector;
  /** How long the server may carry out a request that it has not answered, in milliseconds. Tests shorten it. */
  readonly lateMs?: number | undefined;
}

/** What a server says about a delivery. `unknown`: it does not have it. `unrequested`: nothing was requested of it. */
type Answer = DeliveryState | 'unknown' | 'unrequested';

/** Returns the target of the lease for what a server delivers to a run. */
export function heldTarget(server: string, run: string): string {
  return `${server}/v1/releases/${run}`;
}

/**
 * What team servers hold for runs of this daemon. The server removes the objects and verifies that; the daemon requests it and waits. The credential
 * of the delivery is in the ledger since before the request for it, so that a lost response leaves nothing behind.
 */
export class HeldDeliveries implements LeaseRemover {
  readonly kind = HELD_BY_SERVER;
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async remove({ target }: LeaseLocation): Promise<void> {
    await this.#ask('DELETE', target);
  }

  async inspect(location: LeaseLocation): Promise<Finding> {
    const { clock } = this.#options;
    const repetition = { pauses: PAUSES, forMs: REMOVAL_MS, clock };
    const look = (): Promise<Answer> => this.#ask('GET', location.target);
    const isOver = (answer: Answer): boolean => typeof answer === 'string' || answer.state === 'removed';
    return this.#judge(location, await poll(look, isOver, repetition));
  }

  async inspectOnce(location: LeaseLocation): Promise<Finding> {
    const answer = await this.#ask('GET', location.target);
    if (answer !== 'unrequested') return this.#judge(location, answer);
    throw new EscrowError(
      'store-unavailable',
      `Cannot check ${location.target}: the credential of the delivery was deleted after its end.`,
      { hint: `Ask the server for its receipt: nf-escrow releases receipt ${runIn(location.target)}` },
    );
  }

  async #judge({ target, sentAt }: LeaseLocation, answer: Answer): Promise<Finding> {
    const server = new URL(target).origin;
    if (answer === 'unrequested')
      return { state: 'absent', evidence: `${server}: no delivery was requested for the run` };
    if (answer === 'unknown') return this.#judgeUnknown(target, sentAt);
    const { objects, state, lastError } = answer;
    const evidence = objects.map((one) => one.evidence ?? one.lastError ?? `${one.target} is ${one.state}`);
    const text = `held by server ${server}: ${evidence.join('; ') || 'no object was created'}`;
    if (state !== 'removed')
      return { state: 'present', evidence: lastError === null ? text : `${text} (${lastError})` };
    return { state: objects.every((one) => one.state === 'gone') ? 'absent' : 'unverified', evidence: text };
  }

  async #judgeUnknown(target: string, sentAt: string | null): Promise<Finding> {
    const server = new URL(target).origin;
    const { lateMs = REQUEST_MS + SKEW_MS } = this.#options;
    const until = sentAt === null ? 0 : Date.parse(sentAt) + lateMs;
    if (this.#options.clock.now() < until)
      return {
        state: 'present',
        evidence: `${server} has not answered a request, which it may still carry out; nf-escrow checks until ${new Date(until).toISOString()}`,
      };
    const row = await this.#find(target);
    if (row?.release_id === row?.run_id)
      return { state: 'absent', evidence: `${server} has no delivery for the run` };
    return {
      state: 'unverified',
      evidence: `${server} no longer has the delivery, for example after a restore. It searches its AWS accounts for what it does not know`,
    };
  }

  async #ask(method: 'GET' | 'DELETE', target: string): Promise<Answer> {
    const row = await this.#find(target);
    if (row === undefined) return 'unrequested';
    const client = connectHeld(row);
    try {
      const path = `/v1/releases/${encodeURIComponent(row.run_id)}/delivery`;
      const answer = await step(this.#options.faults, 'held.ask', () =>
        client.call<DeliveryState>(method, path),
      );
      return validate<'DeliveryState'>('delivery-state.json', answer);
    } catch (error) {
      if (error instanceof EscrowError && error.code === 'unauthenticated') return 'unknown';
      throw error;
    } finally {
      client.close();
    }
  }

  async #find(target: string): Promise<ReceivedRelease | undefined> {
    return this.#options.ledger.db
      .selectFrom('received_releases')
      .selectAll()
      .where('run_id', '=', runIn(target))
      .executeTakeFirst();
  }
}

function connectHeld({ server, ca_file, credential }: ReceivedRelease): ServerClient {
  return connectServer({
    ...{ url: new URL(server), token: credential, timeoutMs: TIMEOUT_MS },
    ...(ca_file === null ? {} : { caFile: ca_file }),
  });
}

function runIn(target: string): string {
  return target.slice(target.lastIndexOf('/') + 1);
}
