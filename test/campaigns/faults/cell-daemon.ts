// The daemon of a cell: there again whenever it is asked for something, and what it says of the cell's run.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import type { Sandbox, Started } from '../../support/sandbox.ts';
import { KeptDaemon } from './restarting-daemon.ts';
import { processesIn } from './fault-kinds.ts';

const program = join(import.meta.dirname, 'program.js');
/** A ledger that is locked for long takes six seconds of it, or two of five each that a daemon waits for it. */
export const PATIENCE_MS = 30_000;

export class CellDaemon {
  readonly #box: Sandbox;
  readonly #kept: KeptDaemon;

  constructor(box: Sandbox) {
    this.#box = box;
    this.#kept = new KeptDaemon(box, () => this.start(['daemon', 'run']), PATIENCE_MS);
  }

  start(args: readonly string[]): Started {
    return this.#box.startProgram(process.execPath, [program, ...args]);
  }

  ensure(): Promise<void> {
    return this.#kept.ensure();
  }

  receipt(run: string): Promise<Receipt | undefined> {
    return this.#kept.receipt(run);
  }

  /** Undefined where no daemon answers. */
  async runs(): Promise<Run[] | undefined> {
    const answer = await this.#box.http('GET', '/v1/runs').catch(() => undefined);
    return answer?.status === 200 ? [...(JSON.parse(answer.text) as RunList).runs] : undefined;
  }

  async end(): Promise<void> {
    await this.#box.http('POST', '/v1/daemon/stop').catch(() => undefined);
    const isOver = (): boolean =>
      processesIn(this.#box.directory).every(({ command }) => !/ daemon run/.test(command));
    for (const deadline = performance.now() + 3000; performance.now() < deadline && !isOver();)
      await sleep(20);
  }

  /** Again, until it is done: the daemon may die of the first. False where it was not to be had. */
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
