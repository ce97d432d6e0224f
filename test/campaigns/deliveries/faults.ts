// Injects the faults of a campaign, by the number of requested deliveries, so that the same seed gives the same ones.
import { setTimeout as sleep } from 'node:timers/promises';
import { startReplica } from '../../support/server/replicas.ts';
import { randomOf, seedOf, type Random } from '../fuzz/random.ts';
import { BackgroundWork } from '../team/background-work.ts';
import { faultKinds, planFaults, type PlannedFault } from './fault-plan.ts';
import type { DeliveriesGround, Size } from './ground.ts';
import { HELD_MAX_MS } from './short-times.ts';

/** How long to wait for the request after which a replica is killed or paused. */
const MOMENT_MS = 3000;
/** How long to wait for a request with expired credentials. */
const EXPIRED_MS = 10_000;

export interface Faults extends Size {
  /** Number of deliveries between two faults. 0: no faults. */
  readonly faultEvery: number;
  /** Deliveries that are requested at the same time. */
  readonly burst: number;
}

export class Disturbance {
  readonly happened: Record<string, number> = Object.fromEntries(faultKinds.map((kind) => [kind, 0]));
  readonly #ground: DeliveriesGround;
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #next: () => PlannedFault;
  readonly #work = new BackgroundWork();
  readonly #burst: (count: number) => Promise<void>;

  /** `burst` requests deliveries at the same time. */
  constructor(ground: DeliveriesGround, faults: Faults, burst: (count: number) => Promise<void>) {
    this.#ground = ground;
    this.#faults = faults;
    this.#random = randomOf(seedOf(faults.seed, 'faults'));
    this.#next = planFaults(this.#random, faults.replicas);
    this.#burst = burst;
  }

  get summary(): string {
    return Object.entries(this.happened)
      .map(([kind, count]) => `${kind} ${String(count)}`)
      .join(', ');
  }

  /** Call it with the number of deliveries that were requested. */
  after(requested: number): void {
    const { faultEvery } = this.#faults;
    if (faultEvery > 0 && requested % faultEvery === 0) this.#work.add(this.#inject(this.#next()));
  }

  /** Waits for the end of all faults. Throws the first error. */
  async end(): Promise<void> {
    await this.#work.end();
    await Promise.all(this.#ground.replicas.map(startReplica));
  }

  async #inject(fault: PlannedFault): Promise<void> {
    const { kind, ms, count } = fault;
    const { cluster, record, aws, sessions } = this.#ground;
    this.happened[kind] = (this.happened[kind] ?? 0) + 1;
    switch (kind) {
      case 'kill replica':
      case 'pause replica':
      case 'pause replica beyond its claim':
        await this.#stop(fault);
        break;
      case 'kill PostgreSQL':
        await cluster.crash();
        break;
      case 'promote the standby of PostgreSQL':
        await cluster.failOver();
        break;
      case 'lose replies of AWS':
        record.decide(Array.from({ length: count }, () => 'lost' as const));
        break;
      case 'let AWS carry out requests late':
        record.decide(Array.from({ length: Math.ceil(count / 3) }, () => this.#random(HELD_MAX_MS)));
        break;
      case 'throttle all requests to AWS':
        aws.rules.throttling += count * 4;
        break;
      case 'let AWS credentials expire':
        for (const session of sessions) session.expire();
        await record.awaitExpired(EXPIRED_MS);
        await sleep(ms);
        for (const session of sessions) session.renew();
        break;
      case 'request many deliveries at once':
        await this.#burst(this.#faults.burst);
    }
  }

  async #stop({ kind, target, moment, ms }: PlannedFault): Promise<void> {
    const replica = this.#ground.replicas[target];
    if (replica === undefined) return;
    await this.#ground.record.awaitCall(moment, this.#ground.sessions[target]?.keys ?? '', MOMENT_MS);
    if (kind !== 'kill replica') await replica.process.pause(ms);
    else {
      await replica.process.end();
      await startReplica(replica);
    }
  }
}
