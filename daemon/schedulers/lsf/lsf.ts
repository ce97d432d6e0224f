import {
  commandFailed,
  schedulerUnavailable,
  submittedJobId,
  type CommandResult,
  type RunCommand,
} from '../command.ts';
import { findState } from '../job-state.ts';
import type { JobStatus, Scheduler, Submission } from '../scheduler.ts';
import { states } from './states.ts';

const NO_JOB = /is not found|No matching job found|has already finished|No (unfinished )?job found/;
const DOWN = /LSF is down|Failed in an LSF library call|Cannot connect|Slave LIM|mbatchd|try later/i;

/** LSF. Jobs that are over are remembered for CLEAN_PERIOD, an hour by default: lsb.params(5). */
export class Lsf implements Scheduler {
  readonly executor = 'lsf';
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /** `-env none`: the job is given nothing of our environment. */
  async submit({ name, script, output, requeue, options }: Submission): Promise<string> {
    const answer = await this.#run('bsub', [
      ...['-J', name, '-o', output, requeue ? '-r' : '-rn', '-env', 'none', ...options, script],
    ]);
    const id = /^Job <([0-9]+)> is submitted to /m.exec(answer.stdout)?.[1];
    return submittedJobId('bsub', answer, isDown(answer), id);
  }

  async jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    if (ids.length === 0) return new Map();
    const lines = await this.#list(['-o', 'jobid stat', ...ids]);
    return new Map(lines.map(parse).map((job) => [job.id, job]));
  }

  async find(name: string): Promise<string[]> {
    const ids = (await this.#list(['-o', 'jobid', '-J', name])).map((line) => line.trim());
    if (!ids.every((id) => /^[0-9]+$/.test(id)))
      throw schedulerUnavailable('bjobs', 'it answered no job ids');
    return ids.sort((one, other) => Number(one) - Number(other));
  }

  async cancel(id: string): Promise<void> {
    const answer = await this.#run('bkill', [id]);
    if (answer.status !== 0 && !NO_JOB.test(answer.stderr + answer.stdout))
      throw commandFailed('bkill', answer);
  }

  async #list(args: readonly string[]): Promise<string[]> {
    const answer = await this.#run('bjobs', ['-a', '-noheader', ...args]);
    const complaints = answer.stderr.split('\n').filter(Boolean);
    if (!complaints.every((line) => NO_JOB.test(line)) || (answer.status !== 0 && complaints.length === 0))
      throw commandFailed('bjobs', answer);
    return answer.stdout.split('\n').filter(Boolean);
  }
}

function parse(line: string): JobStatus {
  const [, id, state] = /^([0-9]+) +([A-Z_]+) *$/.exec(line) ?? [];
  const meaning = findState(states, state);
  if (id === undefined || state === undefined || meaning === undefined)
    throw schedulerUnavailable('bjobs', `it answered "${line.trim().slice(0, 80)}"`);
  return { id, ...meaning, state, restarts: null };
}

function isDown({ stderr }: CommandResult): boolean {
  return DOWN.test(stderr);
}
