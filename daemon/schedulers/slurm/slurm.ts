import { userInfo } from 'node:os';
import { commandFailed, inUtc, schedulerUnavailable, submittedJobId, type RunCommand } from '../command.ts';
import { unknownOrigin } from '../job-origin.ts';
import { findState } from '../job-state.ts';
import type { JobOrigin, JobStatus, Scheduler, Submission } from '../scheduler.ts';
import { states } from './states.ts';

/** Fixed widths, wider than what Slurm puts there, and no text of anybody's: nothing in it can be taken for another. */
const FORMAT = 'JobID:.20,State:.24,RestartCnt:.12,JobArrayID:.32';
const LINE = /^ *([0-9]{1,19}) +([A-Z_]{1,23}) +([0-9]{1,11}) +([0-9]{1,19}(?:_[0-9]{1,10})?) *$/;
/** Id, user id and submit time are Slurm's own; the work directory, which may hold anything, is last. */
const ORIGIN_FORMAT = '%i|%U|%V|%Z';
const ORIGIN = /^([0-9]{1,19}(?:_[0-9]{1,10})?)\|([0-9]{1,10})\|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\|(\/.*)\n$/s;
/** One that is over, or forgotten. */
const NO_JOB = /Invalid job id specified|Job\/step already completing or completed/;

/** `arrayId`: of a job array's task, by which sbatch's user knows it; in the task itself, SLURM_JOB_ID is `id`. */
type ListedJob = JobStatus & { readonly arrayId: string };

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
    const found = (await this.#list([])).flatMap(({ arrayId, ...job }) => [job, { ...job, id: arrayId }]);
    return new Map(found.filter(({ id }) => wanted.has(id)).map((job) => [job.id, job]));
  }

  async find(name: string): Promise<string[]> {
    const found = await this.#list([`--name=${name}`]);
    return found.map(({ id }) => id).sort((one, other) => Number(one) - Number(other));
  }

  /** An id that stands for several jobs is answered with several lines, and so with none of these work directories. */
  async origin(id: string): Promise<JobOrigin | undefined> {
    const answer = await this.#run(
      'squeue',
      ['--noheader', '--array', '--states=all', `--jobs=${id}`, `--format=${ORIGIN_FORMAT}`],
      inUtc,
    );
    if (NO_JOB.test(answer.stderr)) return undefined;
    if (answer.status !== 0) throw commandFailed('squeue', answer);
    if (answer.stdout === '') return undefined;
    const [, found, uid, time, workDirectory] = ORIGIN.exec(ended(answer.stdout)) ?? [];
    if (found !== id || uid === undefined || time === undefined || workDirectory === undefined)
      return unknownOrigin;
    const isOurs = Number(uid) === process.geteuid?.();
    // Whole seconds.
    return { owner: `uid ${uid}`, isOurs, workDirectory, submittedAt: Date.parse(`${time}Z`) + 999 };
  }

  async cancel(id: string): Promise<void> {
    const answer = await this.#run('scancel', ['--', id]);
    if (answer.status !== 0 && !NO_JOB.test(answer.stderr)) throw commandFailed('scancel', answer);
  }

  /**
   * All our jobs: a list of ids would be an error as soon as the only one in it is forgotten. `--array`: each task of a job
   * array by itself.
   */
  async #list(filter: readonly string[]): Promise<ListedJob[]> {
    const answer = await this.#run('squeue', [
      ...[
        `--user=${userInfo().username}`,
        '--noheader',
        '--array',
        '--states=all',
        `--Format=${FORMAT}`,
        ...filter,
      ],
    ]);
    if (answer.status !== 0) throw commandFailed('squeue', answer);
    return answer.stdout.split('\n').filter(Boolean).map(parse);
  }
}

/** Those who run commands may take the last newline off. */
function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function parse(line: string): ListedJob {
  const [, id, state, restarts, arrayId] = LINE.exec(line) ?? [];
  if (id === undefined || state === undefined || arrayId === undefined)
    throw schedulerUnavailable('squeue', `it answered "${line.trim()}"`);
  const meaning = findState(states, state);
  if (meaning === undefined)
    throw schedulerUnavailable('squeue', `it tells of a state ${state}, which is not known here`);
  return { id, ...meaning, state, restarts: Number(restarts), arrayId };
}
