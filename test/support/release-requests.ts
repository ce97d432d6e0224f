import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { createRelease } from '../../daemon/releases/create-release.ts';
import { asEscrowError } from '../../daemon/errors.ts';
import type { ReleaseGround } from './release-ground.ts';

/** Requests releases without end as daemons do, which repeat a request that was not answered. */
export class ReleaseRequests {
  /** The runs whose release was answered. */
  readonly answered = new Set<string>();
  /** The runs for which a release was requested. */
  readonly requested = new Set<string>();
  /** Codes of failures, apart from those that a repetition overcomes. */
  readonly failures = new Set<string>();
  /** The reasons of failures that a repetition overcomes. */
  readonly reasons = new Set<string>();
  readonly #ground: ReleaseGround;
  #workers: readonly Promise<void>[] = [];
  #isStopping = false;

  constructor(ground: ReleaseGround) {
    this.#ground = ground;
  }

  start(workers = 4): void {
    this.#workers = Array.from({ length: workers }, () => this.#work());
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    while (!this.#isStopping) await this.#requestOne();
  }

  async #requestOne(): Promise<void> {
    const ground = this.#ground;
    const request = ground.request([{ name: 'A_KEY', version: 1 }]);
    this.requested.add(request.run);
    while (!this.#isStopping)
      try {
        const { release } = await createRelease(ground, ground.launcher, request);
        await ground.open(release, request);
        this.answered.add(request.run);
        return;
      } catch (error) {
        const { code, message } = asEscrowError(error);
        if (code !== 'ledger-unavailable') this.failures.add(`${code}: ${message}`);
        this.reasons.add(message);
        await sleep(20);
      }
  }

  /** Asserts that no answered release is missing, and that none is recorded twice. Returns the number of those that are missing. */
  async verify(t: Test, { mayLose = false } = {}): Promise<number> {
    t.same([...this.failures], []);
    const { db } = this.#ground.ledger;
    const releases = await db.selectFrom('releases').select(['id', 'run_id']).execute();
    const runs = releases.map(({ run_id }) => run_id);
    t.equal(new Set(runs).size, runs.length, 'no run has two releases');
    t.ok(
      runs.every((run) => this.requested.has(run)),
      'each release was requested',
    );
    const lost = [...this.answered].filter((run) => !runs.includes(run)).length;
    if (!mayLose) t.equal(lost, 0, `${String(this.answered.size)} answered releases are recorded`);
    const events = await db
      .selectFrom('journal')
      .select('data')
      .where('type', '=', 'secret.released')
      .execute();
    const first = events
      .map(({ data }) => JSON.parse(data) as { release: string; repeated: boolean })
      .filter(({ repeated }) => !repeated)
      .map(({ release }) => release);
    t.same([...first].sort(), releases.map(({ id }) => id).sort(), 'the audit log has each release once');
    return lost;
  }
}
