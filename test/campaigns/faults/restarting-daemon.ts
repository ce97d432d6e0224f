// A daemon that is restarted when a fault has ended it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt } from '../../../daemon/contract/types.ts';
import type { Sandbox, Started } from '../../support/sandbox.ts';

export class RestartingDaemon {
  readonly #box: Sandbox;
  readonly #start: () => Started;
  readonly #patienceMs: number;
  #daemon: Started | undefined;
  #starting: Promise<void> | undefined;

  constructor(box: Sandbox, start: () => Started, patienceMs: number) {
    this.#box = box;
    this.#start = start;
    this.#patienceMs = patienceMs;
  }

  /** Waits until a daemon answers, and starts one if needed. Concurrent calls share one attempt. */
  async ensure(): Promise<void> {
    await (this.#starting ??= this.#ensure().finally(() => (this.#starting = undefined)));
  }

  async receipt(run: string): Promise<Receipt | undefined> {
    for (let tries = 0; tries < 5; tries += 1) {
      const answer = await this.#box.http('GET', `/v1/runs/${run}/receipt`).catch(() => undefined);
      if (answer?.status === 200) return JSON.parse(answer.text) as Receipt;
      await this.ensure();
    }
    return undefined;
  }

  async #ensure(): Promise<void> {
    for (const deadline = performance.now() + this.#patienceMs; performance.now() < deadline;) {
      const health = await this.#box.http('GET', '/v1/health').catch(() => undefined);
      if (health?.status === 200) return;
      const { exitCode = 0, signalCode = null } = this.#daemon?.child ?? {};
      if (exitCode !== null || signalCode !== null) this.#daemon = this.#start();
      await sleep(20);
    }
    const last = await Promise.race([this.#daemon?.ended, sleep(100)]);
    throw new Error(`the daemon does not start: ${JSON.stringify(last)}`);
  }
}
