// The daemon of a cell: there again whenever it is asked for something, and what it says of the cell's run.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt, Run, RunList } from '../../daemon/contract/types.ts';
import type { Sandbox, Started } from '../launcher.ts';
import { processesIn } from './kinds.ts';

const program = join(import.meta.dirname, 'program.js');
/** A ledger that is locked for long takes six seconds of it, or two of five each that a daemon waits for it. */
export const PATIENCE_MS = 30_000;

export class CellDaemon {
  readonly #box: Sandbox;
  #daemon: Started | undefined;

  constructor(box: Sandbox) {
    this.#box = box;
  }

  start(args: readonly string[]): Started {
    return this.#box.startProgram(process.execPath, [program, ...args]);
  }

  /** There is a daemon that answers, ours or one that a command has started. */
  async ensure(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const health = await this.#box.http('GET', '/v1/health').catch(() => undefined);
      if (health?.status === 200) return;
      if (
        this.#daemon === undefined ||
        this.#daemon.child.exitCode !== null ||
        this.#daemon.child.signalCode !== null
      )
        this.#daemon = this.start(['daemon', 'run']);
      await sleep(20);
    }
    throw new Error('no daemon starts');
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

  async receipt(run: string): Promise<Receipt | undefined> {
    for (let tries = 0; tries < 5; tries += 1) {
      const answer = await this.#box.http('GET', `/v1/runs/${run}/receipt`).catch(() => undefined);
      if (answer?.status === 200) return JSON.parse(answer.text) as Receipt;
      await this.ensure();
    }
    return undefined;
  }
}
