// The daemon of a cell, restarted when needed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { testProgram, type Sandbox, type Started } from '../../support/sandbox.ts';
import { RestartingDaemon } from './restarting-daemon.ts';
import { processesIn } from './fault-kinds.ts';

const program = testProgram('faults', 'campaigns/faults/program.js');
/** Generous, so that a loaded machine does not reach it. A long ledger lock alone takes up to ten seconds. */
export const PATIENCE_MS = 120_000;

export class CellDaemon {
  readonly #box: Sandbox;
  readonly #daemon: RestartingDaemon;

  constructor(box: Sandbox) {
    this.#box = box;
    this.#daemon = new RestartingDaemon(box, () => this.start(['daemon', 'run']), PATIENCE_MS);
  }

  start(args: readonly string[]): Started {
    return this.#box.startProgram(process.execPath, [program, ...args]);
  }

  ensure(): Promise<void> {
    return this.#daemon.ensure();
  }

  receipt(run: string): Promise<Receipt | undefined> {
    return this.#daemon.receipt(run);
  }

  /** Returns undefined when no daemon answers. */
  async runs(): Promise<Run[] | undefined> {
    const answer = await this.#box.http('GET', '/v1/runs').catch(() => undefined);
    return answer?.status === 200 ? [...(JSON.parse(answer.text) as RunList).runs] : undefined;
  }

  async end(): Promise<void> {
    await this.#box.http('POST', '/v1/daemon/stop').catch(() => undefined);
    const isOver = (): boolean =>
      processesIn(this.#box.directory).every(({ command }) => !/ daemon run/.test(command));
    for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline && !isOver();)
      await sleep(20);
  }

  /** Cancels the run, and retries because a fault can kill the daemon. Returns whether a daemon confirmed it. */
  async cancel(): Promise<boolean> {
    for (let tries = 0; tries < 6; tries += 1) {
      const [run] = (await this.runs()) ?? [];
      const path = `/v1/runs/${run?.id ?? 'none'}/cancel`;
      const answer = await this.#box.http('POST', path).catch(() => undefined);
      if (answer?.status === 200) return true;
      await this.ensure();
    }
    return false;
  }
}
