// What a daemon does for runs to which a team server delivers secrets, with the modules of the daemon: it requests a delivery, reports on
// the run, and has the delivery removed.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { connectServer } from '../../../daemon/api-client/https/server-client.ts';
import type { StoredServer } from '../../../daemon/api-client/https/stored-servers.ts';
import { newRunId } from '../../../daemon/contract/run-id.ts';
import type { Delivery, ReleaseReport } from '../../../daemon/contract/types.ts';
import { asEscrowError } from '../../../daemon/errors.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { HeldDeliveries, heldTarget } from '../../../daemon/sources/held-deliveries.ts';
import { requestDelivery } from '../../../daemon/sources/request-delivery.ts';
import type { Finding } from '../../../daemon/stores/store.ts';
import { noFaults } from '../../../daemon/system/steps.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { until } from '../../support/sandbox.ts';
import type { Random } from '../fuzz/random.ts';
import { REQUEST_LATE_MS } from './short-times.ts';
import type { Tasks } from './tasks.ts';

/** A run of a campaign. */
export interface CampaignRun {
  readonly id: string;
  readonly title: string;
  delivery?: Delivery;
  /** Error code of a request that has failed. Such a run is not started. */
  refused?: string;
  /** When its last task had ended. Undefined: the run is alive, or its daemon is lost. */
  endedAt?: number;
  /** How long it took from the end of the run until its removal was verified. */
  removalMs?: number;
  evidence?: Finding;
}

/** What a requester is given. */
export interface RequesterOptions {
  readonly name: string;
  /** ORGANIZATION/NAME. */
  readonly title: string;
  readonly server: StoredServer;
  readonly random: Random;
  readonly secrets: readonly string[];
  readonly tasks: Tasks;
  /** Of 100 runs, the daemon of this number is lost. */
  readonly lostPercent: number;
}

type Report = Pick<ReleaseReport, 'sequence' | 'state' | 'outcome'>;

const RETRY_MS = 500;
/** A server that accepts no report for this time is an error. */
const REPORT_MAX_MS = 15 * 60_000;
const RUN_MAX_MS = 3000;

export class Requester {
  readonly runs: CampaignRun[] = [];
  readonly directory: string;
  readonly #options: RequesterOptions;
  readonly #ledger: Ledger;
  readonly #held: HeldDeliveries;

  private constructor(options: RequesterOptions, directory: string, ledger: Ledger) {
    this.#options = options;
    this.directory = directory;
    this.#ledger = ledger;
    this.#held = new HeldDeliveries({
      ...{ ledger, clock: systemClock, faults: noFaults, lateMs: REQUEST_LATE_MS },
    });
  }

  static async open(t: Test, options: RequesterOptions): Promise<Requester> {
    const directory = temporaryDirectory(t);
    const ledger = await openLedger(join(directory, 'ledger.db'));
    t.teardown(() => ledger.close());
    return new Requester(options, directory, ledger);
  }

  /**
   * Requests a delivery to a new run and runs its tasks. Returns the removal that follows, which resolves when the server has verified it.
   * A lost daemon has none.
   */
  async run(): Promise<{ readonly run: CampaignRun; readonly removal: Promise<void> }> {
    const { title, random, tasks, lostPercent } = this.#options;
    const run: CampaignRun = { id: newRunId(new Date().toISOString()), title };
    this.runs.push(run);
    const [isLost, lastsMs] = [random(100) < lostPercent, 300 + random(RUN_MAX_MS)];
    let sentAt: string | null = null;
    try {
      run.delivery = await this.#request(run, (at) => {
        sentAt = at;
      });
    } catch (error) {
      run.refused = asEscrowError(error).code;
      run.endedAt = Date.now();
      return { run, removal: this.#remove(run, sentAt, 'aborted') };
    }
    if (isLost) return { run, removal: Promise.resolve() };
    const reported = this.#report(run, { sequence: 1, state: 'running', outcome: null });
    await tasks.read(run, run.delivery);
    await sleep(lastsMs);
    await tasks.read(run, run.delivery);
    run.endedAt = Date.now();
    return { run, removal: reported.then(() => this.#remove(run, sentAt, 'succeeded')) };
  }

  async #request(run: CampaignRun, noteSent: (at: string | null) => void): Promise<Delivery> {
    const { server, title, secrets } = this.#options;
    return requestDelivery(
      { ledger: this.#ledger, faults: noFaults },
      { server, title, visibility: 'private' },
      {
        ...{ run: run.id, computeEnvironment: 'batch' },
        secrets: secrets.map((name) => ({ name, version: 1 })),
        noteSent: async (at) => {
          noteSent(at === null ? null : new Date(at).toISOString());
          return Promise.resolve();
        },
      },
    );
  }

  /** Repeats the request until the server has verified the removal, as a daemon does. */
  async #remove(run: CampaignRun, sentAt: string | null, outcome: Report['outcome']): Promise<void> {
    const place = { target: heldTarget(this.#options.server.url, run.id), locator: null, sentAt };
    while (run.evidence === undefined) {
      try {
        await this.#held.remove(place);
        const finding = await this.#held.inspect(place);
        if (finding.state !== 'present') run.evidence = finding;
      } catch {
        // The server is not available.
      }
      if (run.evidence === undefined) await sleep(RETRY_MS);
    }
    run.removalMs = Date.now() - (run.endedAt ?? 0);
    if (run.delivery !== undefined) await this.#report(run, { sequence: 2, state: 'purged', outcome });
  }

  /** Repeats a report until a replica has accepted it. */
  async #report({ id }: CampaignRun, report: Report): Promise<void> {
    const { credential, ca_file } = await this.#ledger.db
      .selectFrom('received_releases')
      .selectAll()
      .where('run_id', '=', id)
      .executeTakeFirstOrThrow();
    const { url } = this.#options.server;
    const client = connectServer({
      ...{ url: new URL(url), token: credential, timeoutMs: 30_000 },
      ...(ca_file === null ? {} : { caFile: ca_file }),
    });
    try {
      await until(
        `the report on ${id}`,
        async () => {
          const body: ReleaseReport = { ...report, epoch: 1, leases: [] };
          try {
            await client.call('PUT', `/v1/releases/${id}/state`, body);
            return true;
          } catch (error) {
            if (asEscrowError(error).code === 'unauthenticated') throw error;
            await sleep(RETRY_MS);
            return false;
          }
        },
        REPORT_MAX_MS,
      );
    } finally {
      client.close();
    }
  }
}
