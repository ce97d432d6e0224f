// Acts for the head of a cell on AWS Batch, because the fake Nextflow cannot: calls Batch and writes the plugin's events.
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

  /** `lives` returns whether the head of the cell is alive. */
  constructor(box: Sandbox, cloud: Cloud, lives: () => boolean) {
    this.#box = box;
    this.#cloud = cloud;
    this.#lives = lives;
  }

  /** Registers the job definition, even if the head was killed: its request may still be under way. */
  async register(): Promise<void> {
    const run = this.#run();
    if (run === undefined) return;
    this.#definition = await register(this.#cloud.aws, `nf-task-${run}`, { 'nf-escrow:run': run });
    await this.#writeEvent({ type: 'job-definition.registered', definition: this.#definition });
  }

  /** Submits a job that outlives the head. */
  async submit(): Promise<void> {
    if (this.#definition === undefined) return;
    this.#job = await submit(this.#cloud.aws, this.#definition, ['sleep', '120']);
    const event = {
      type: 'task.submit',
      task: '1',
      executor: 'awsbatch',
      native: this.#job,
      name: 'foo (1)',
    };
    await this.#writeEvent(event);
  }

  /** Whether the job has not ended. */
  get jobLives(): boolean {
    const { status = 'FAILED' } = this.#cloud.agent.jobs.get(this.#job ?? '') ?? {};
    return status !== 'FAILED' && status !== 'SUCCEEDED';
  }

  #run(): string | undefined {
    return readdirSync(join(this.#box.state, 'runs'))[0];
  }

  /** Writes an event, and retries while the disk is full. Without a live head there is no plugin that would write it. */
  async #writeEvent(event: object): Promise<void> {
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
