// What the head of a cell does on AWS Batch, done for it, for the stand-in is a script, and told by its plugin's own events.
import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from '../../../daemon/errors.ts';
import { register, submit } from '../../support/aws/batch.ts';
import type { Sandbox } from '../../support/sandbox.ts';
import type { Cloud } from './cell.ts';
import { PATIENCE_MS } from './cell-daemon.ts';

export class BatchHead {
  readonly #box: Sandbox;
  readonly #cloud: Cloud;
  readonly #lives: () => boolean;
  #definition: string | undefined;
  #job: string | undefined;

  /** `lives`: whether the head of the cell does. */
  constructor(box: Sandbox, cloud: Cloud, lives: () => boolean) {
    this.#box = box;
    this.#cloud = cloud;
    this.#lives = lives;
  }

  /** Registers its job definition: the request is under way, whatever became of the head since. */
  async register(): Promise<void> {
    const run = this.#run();
    if (run === undefined) return;
    this.#definition = await register(this.#cloud.aws, `nf-task-${run}`, { 'nf-escrow:run': run });
    await this.#tell({ type: 'job-definition.registered', definition: this.#definition });
  }

  /** Submits a job that lasts longer than the head. */
  async submit(): Promise<void> {
    if (this.#definition === undefined) return;
    this.#job = await submit(this.#cloud.aws, this.#definition, ['sleep', '120']);
    await this.#tell({ type: 'task.submit', task: '1', executor: 'awsbatch', native: this.#job, name: 'foo (1)' });
  }

  /** Whether the job does anything yet. */
  get jobLives(): boolean {
    const { status = 'FAILED' } = this.#cloud.agent.jobs.get(this.#job ?? '') ?? {};
    return status !== 'FAILED' && status !== 'SUCCEEDED';
  }

  #run(): string | undefined {
    return readdirSync(join(this.#box.state, 'runs'))[0];
  }

  /** Tried again while the disk is full. Where no head lives there is nobody to tell it. */
  async #tell(event: object): Promise<void> {
    const events = join(this.#box.state, 'runs', this.#run() ?? 'none', 'events.jsonl');
    const deadline = performance.now() + PATIENCE_MS;
    while (existsSync(events) && this.#lives() && performance.now() < deadline)
      try {
        appendFileSync(events, `\n${JSON.stringify({ ...event, at: new Date().toISOString() })}\n`);
        return;
      } catch (error) {
        if (systemCode(error) !== 'ENOSPC') throw error;
        await sleep(20);
      }
  }
}
