import type { Executor } from '../contract/types.ts';
import { schedulerUnavailable, type RunCommand } from './command.ts';
import { assertJobId, isJobId } from './job-id.ts';
import { definitionOf } from './registry.ts';
import { runCommand } from './run-command.ts';
import type { JobOrigin, JobStatus, Scheduler, SchedulerDefinition, Submission } from './scheduler.ts';

/** Creates a scheduler's client. `run` replaces the execution of its commands. */
export function createScheduler(executor: Executor, run: RunCommand = runCommand): Scheduler {
  return new CheckedScheduler(definitionOf(executor), run);
}

/**
 * Validates every job id in requests and answers. Ids come from logs, environments and command output. An id that is an option
 * or shell text must never reach a command.
 */
class CheckedScheduler implements Scheduler {
  readonly executor: Executor;
  readonly #load: () => Promise<Scheduler>;
  #loaded: Promise<Scheduler> | undefined;

  constructor({ executor, load }: SchedulerDefinition, run: RunCommand) {
    this.executor = executor;
    this.#load = () => load(run);
  }

  async submit(submission: Submission): Promise<string> {
    const id = await (await this.#scheduler()).submit(submission);
    this.#assertAnswered([id]);
    return id;
  }

  async jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    for (const id of ids) assertJobId(this.executor, id);
    return (await this.#scheduler()).jobs(ids);
  }

  async find(name: string): Promise<string[]> {
    const ids = await (await this.#scheduler()).find(name);
    this.#assertAnswered(ids);
    return ids;
  }

  async origin(id: string): Promise<JobOrigin | undefined> {
    assertJobId(this.executor, id);
    return (await this.#scheduler()).origin(id);
  }

  async cancel(id: string): Promise<void> {
    assertJobId(this.executor, id);
    await (await this.#scheduler()).cancel(id);
  }

  #scheduler(): Promise<Scheduler> {
    return (this.#loaded ??= this.#load());
  }

  #assertAnswered(ids: readonly string[]): void {
    if (!ids.every((id) => isJobId(this.executor, id)))
      throw schedulerUnavailable(this.executor, 'it returned an invalid job id');
  }
}
