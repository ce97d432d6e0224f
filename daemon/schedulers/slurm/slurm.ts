import { userInfo } from 'node:os';
import { commandFailed, schedulerUnavailable, submittedJobId, type RunCommand } from '../command.ts';
import { findState } from '../job-state.ts';
import type { JobStatus, Scheduler, Submission } from '../scheduler.ts';
import { states } from './states.ts';

/** Fixed widths, wider than what Slurm puts there, and no text of anybody's: nothing in it can be taken for another. */
const FORMAT = 'JobID:.20,State:.24,RestartCnt:.12';
const LINE = /^ *([0-9]{1,19}) +([A-Z_]{1,23}) +([0-9]{1,11}) *$/;
/** One that is over, or forgotten. */
const NO_JOB = /Invalid job id specified|Job\/step already completing or completed/;

/** Slurm. Finished jobs are remembered by the controller for MinJobAge, five minutes by default: slurm.conf(5). */
export class Slurm implements Scheduler {
  readonly executor = 'slurm';
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /**
   * `--export=NIL`: the job is given nothing of our environment, which Slurm would keep in its own files.
   * `--no-requeue` also where the site requeues by default: a head is started again only if its user wants that.
   */
  async submit({ name, script, output, requeue, options }: Submission): Promise<string> {
    const answer = await this.#run('sbatch', [
      ...['--parsable', `--job-name=${name}`, `--output=${output}`, '--open-mode=append', '--export=NIL'],
      ...[requeue ? '--requeue' : '--no-requeue', ...options, '--', script],
    ]);
    const isDown = /Unable to contact slurm controller|timed out|Zero Bytes/i.test(answer.stderr);
    const id = /^([0-9]+)(;\S+)?$/.exec(answer.stdout.trim())?.[1]; // the cluster's name follows where there are several
    return submittedJobId('sbatch', answer, isDown, id);
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
    const answer = await this.#run('scancel', [id]);
    if (answer.status !== 0 && !NO_JOB.test(answer.stderr)) throw commandFailed('scancel', answer);
  }

  /** All our jobs: a list of ids would be an error as soon as the only one in it is forgotten. */
  async #list(filter: readonly string[]): Promise<JobStatus[]> {
    const answer = await this.#run('squeue', [
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
  const meaning = findState(states, state);
  if (meaning === undefined)
    throw schedulerUnavailable('squeue', `it tells of a state ${state}, which is not known here`);
  return { id, ...meaning, state, restarts: Number(restarts) };
}
