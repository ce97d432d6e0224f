import {
  runCommand,
  commandFailed,
  commandRejected,
  schedulerUnavailable,
  type CommandResult,
  type RunCommand,
} from '../run-command.ts';
import type { JobStatus, Scheduler } from '../scheduler.ts';

/**
 * bjobs(1), "STAT". UNKWN is a job whose host cannot be reached, ZOMBI one that was ended meanwhile and may go on there
 * all the same: both may be alive.
 */
const PHASES: Readonly<Record<string, JobStatus['phase']>> = {
  PEND: 'waiting',
  PSUSP: 'waiting',
  WAIT: 'waiting',
  FWD_PEND: 'waiting',
  PROV: 'running',
  RUN: 'running',
  USUSP: 'running',
  SSUSP: 'running',
  UNKWN: 'running',
  ZOMBI: 'running',
  DONE: 'ended',
  EXIT: 'ended',
};
const NO_JOB = /is not found|No matching job found|has already finished|No (unfinished )?job found/;
const DOWN = /LSF is down|Failed in an LSF library call|Cannot connect|Slave LIM|mbatchd|try later/i;

/** LSF. Jobs that are over are remembered for CLEAN_PERIOD, an hour by default: lsb.params(5). */
export class Lsf implements Scheduler {
  readonly executor = 'lsf';
  readonly #ask: RunCommand;

  constructor(how: RunCommand = runCommand) {
    this.#ask = how;
  }

  /** `-env none`: the job is given nothing of our environment. */
  async submit({
    name,
    script,
    output,
    requeue,
    options,
  }: Parameters<Scheduler['submit']>[0]): Promise<string> {
    const answer = await this.#ask('bsub', [
      ...['-J', name, '-o', output, requeue ? '-r' : '-rn', '-env', 'none', ...options, script],
    ]);
    if (answer.status !== 0)
      throw isDown(answer) ? commandFailed('bsub', answer) : commandRejected('bsub', answer);
    const id = /^Job <([0-9]+)> is submitted to /m.exec(answer.stdout)?.[1];
    if (id === undefined) throw schedulerUnavailable('bsub', 'it gave no job id');
    return id;
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
    const answer = await this.#ask('bkill', [id]);
    if (answer.status !== 0 && !NO_JOB.test(answer.stderr + answer.stdout))
      throw commandFailed('bkill', answer);
  }

  async #list(args: readonly string[]): Promise<string[]> {
    const answer = await this.#ask('bjobs', ['-a', '-noheader', ...args]);
    const complaints = answer.stderr.split('\n').filter(Boolean);
    if (!complaints.every((line) => NO_JOB.test(line)) || (answer.status !== 0 && complaints.length === 0))
      throw commandFailed('bjobs', answer);
    return answer.stdout.split('\n').filter(Boolean);
  }
}

function parse(line: string): JobStatus {
  const [, id, state] = /^([0-9]+) +([A-Z_]+) *$/.exec(line) ?? [];
  const phase = state !== undefined && Object.hasOwn(PHASES, state) ? PHASES[state] : undefined;
  if (id === undefined || state === undefined || phase === undefined)
    throw schedulerUnavailable('bjobs', `it answered "${line.trim().slice(0, 80)}"`);
  return { id, phase, state, restarts: null };
}

function isDown({ stderr }: CommandResult): boolean {
  return DOWN.test(stderr);
}
