import { userInfo } from 'node:os';
import {
  runCommand,
  commandFailed,
  commandRejected,
  schedulerUnavailable,
  type RunCommand,
} from '../run-command.ts';
import type { JobStatus, Scheduler } from '../scheduler.ts';

/**
 * The states of squeue(1), "JOB STATE CODES", by what they mean to us. REQUEUE_HOLD and SPECIAL_EXIT wait for someone
 * to release them. COMPLETING may still have processes. NODE_FAIL and PREEMPTED are final only where squeue goes on
 * saying so: a job that is requeued is PENDING the next moment.
 */
const WAITING = [
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD',
];
const RUNNING = ['RUNNING', 'COMPLETING', 'SUSPENDED', 'STOPPED', 'SIGNALING', 'STAGE_OUT', 'RESIZING'];
const ENDED = [
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMEOUT',
  'NODE_FAIL',
  'PREEMPTED',
  'BOOT_FAIL',
  'DEADLINE',
  'OUT_OF_MEMORY',
  'REVOKED',
];
/** Fixed widths, wider than what Slurm puts there, and no text of anybody's: nothing in it can be taken for another. */
const FORMAT = 'JobID:.20,State:.24,RestartCnt:.12';
const LINE = /^ *([0-9]{1,19}) +([A-Z_]{1,23}) +([0-9]{1,11}) *$/;
/** One that is over, or forgotten. */
const NO_JOB = /Invalid job id specified|Job\/step already completing or completed/;

/** Slurm. Finished jobs are remembered by the controller for MinJobAge, five minutes by default: slurm.conf(5). */
export class Slurm implements Scheduler {
  readonly executor = 'slurm';
  readonly #ask: RunCommand;

  constructor(how: RunCommand = runCommand) {
    this.#ask = how;
  }

  /**
   * `--export=NIL`: the job is given nothing of our environment, which Slurm would keep in its own files.
   * `--no-requeue` also where the site requeues by default: a head is started again only if its user wants that.
   */
  async submit({
    name,
    script,
    output,
    requeue,
    options,
  }: Parameters<Scheduler['submit']>[0]): Promise<string> {
    const answer = await this.#ask('sbatch', [
      ...['--parsable', `--job-name=${name}`, `--output=${output}`, '--open-mode=append', '--export=NIL'],
      ...[requeue ? '--requeue' : '--no-requeue', ...options, '--', script],
    ]);
    if (answer.status !== 0) {
      if (/Unable to contact slurm controller|timed out|Zero Bytes/i.test(answer.stderr))
        throw commandFailed('sbatch', answer);
      throw commandRejected('sbatch', answer);
    }
    const id = /^([0-9]+)(;\S+)?$/.exec(answer.stdout.trim())?.[1]; // the cluster's name follows where there are several
    if (id === undefined) throw schedulerUnavailable('sbatch', 'it gave no job id');
    return id;
  }

  async jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    const wanted = new Set(ids);
    return new Map((await this.#list([])).filter(({ id }) => wanted.has(id)).map((job) => [job.id, job]));
  }

  async find(name: string): Promise<string[]> {
    const found = await this.#list([`--name=${name}`]);
    return found.map(({ id }) => id).sort((one, other) => Number(one) - Number(other));
  }

  async cancel(id: string): Promise<void> {
    const answer = await this.#ask('scancel', [id]);
    if (answer.status !== 0 && !NO_JOB.test(answer.stderr)) throw commandFailed('scancel', answer);
  }

  /** All our jobs: a list of ids would be an error as soon as the only one in it is forgotten. */
  async #list(filter: readonly string[]): Promise<JobStatus[]> {
    const answer = await this.#ask('squeue', [
      ...[`--user=${userInfo().username}`, '--noheader', '--states=all', `--Format=${FORMAT}`, ...filter],
    ]);
    if (answer.status !== 0) throw commandFailed('squeue', answer);
    return answer.stdout.split('\n').filter(Boolean).map(parse);
  }
}

function parse(line: string): JobStatus {
  const [, id, state, restarts] = LINE.exec(line) ?? [];
  if (id === undefined || state === undefined)
    throw schedulerUnavailable('squeue', `it answered "${line.trim()}"`);
  return { id, phase: phaseOf(state), state, restarts: Number(restarts) };
}

function phaseOf(state: string): JobStatus['phase'] {
  if (WAITING.includes(state)) return 'waiting';
  if (RUNNING.includes(state)) return 'running';
  if (ENDED.includes(state)) return 'ended';
  throw schedulerUnavailable('squeue', `it tells of a state ${state}, which is not known here`);
}
