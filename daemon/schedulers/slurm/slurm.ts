import { userInfo } from 'node:os';
import { commandFailed, inUtc, schedulerUnavailable, submittedJobId, type RunCommand } from '../command.ts';
import { unknownOrigin } from '../job-origin.ts';
import { findState } from '../job-state.ts';
import type { JobOrigin, JobStatus, Scheduler, Submission } from '../scheduler.ts';
import { states } from './states.ts';

/** Fixed widths, wider than Slurm's values, and no user-defined text, so that fields cannot be confused. */
const FORMAT = 'JobID:.20,State:.24,RestartCnt:.12,JobArrayID:.32';
const LINE = /^ *([0-9]{1,19}) +([A-Z_]{1,23}) +([0-9]{1,11}) +([0-9]{1,19}(?:_[0-9]{1,10})?) *$/;
/** Id, user id and submit time come from Slurm. The work directory, which may contain any text, is last. */
const ORIGIN_FORMAT = '%i|%U|%V|%Z';
const ORIGIN = /^([0-9]{1,19}(?:_[0-9]{1,10})?)\|([0-9]{1,10})\|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\|(\/.*)\n$/s;
/** Replies for an ended or forgotten job. */
const NO_JOB = /Invalid job id specified|Job\/step already completing or completed/;

/** `arrayId`: the id of a job array's task that users see. Within the task, SLURM_JOB_ID is `id`. */
type ListedJob = JobStatus & { readonly arrayId: string };

/** Slurm. The controller remembers ended jobs for MinJobAge, five minutes by default. Source: slurm.conf(5). */
export class Slurm implements Scheduler {
  readonly executor = 'slurm';
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /**
   * `--export=NIL`: the job receives nothing of our environment, which Slurm would store in its own files.
   * `--no-requeue`: overrides a site's default. Only the user decides whether a head is restarted.
   */
  async submit({ name, script, output, requeue, options }: Submission): Promise<string> {
    const answer = await this.#run('sbatch', [
      ...['--parsable', `--job-name=${name}`, `--output=${output}`, '--open-mode=append', '--export=NIL'],
      ...[requeue ? '--requeue' : '--no-requeue', ...options, '--', script],
    ]);
    const isDown = /Unable to contact slurm controller|timed out|Zero Bytes/i.test(answer.stderr);
    const id = /^([0-9]+)(;\S+)?$/.exec(answer.stdout.trim())?.[1]; // with several clusters, the cluster's name follows
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

  /** An id that denotes several jobs returns several lines, none of which matches, so that its origin is unknown. */
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
    const submittedAt = Date.parse(`${time}Z`) + 999; // Slurm reports whole seconds
    if (Number.isNaN(submittedAt)) return unknownOrigin;
    return { owner: `uid ${uid}`, isOurs, workDirectory, submittedAt };
  }

  async cancel(id: string): Promise<void> {
    const answer = await this.#run('scancel', ['--', id]);
    if (answer.status !== 0 && !NO_JOB.test(answer.stderr)) throw commandFailed('scancel', answer);
  }

  /**
   * Lists all our jobs. A list of ids would fail if its only job is forgotten. `--array` lists each task of a job array
   * separately.
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

/** Restores the last newline, which a `RunCommand` may strip. */
function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function parse(line: string): ListedJob {
  const [, id, state, restarts, arrayId] = LINE.exec(line) ?? [];
  if (id === undefined || state === undefined || arrayId === undefined)
    throw schedulerUnavailable('squeue', `unexpected output "${line.trim()}"`);
  const meaning = findState(states, state);
  if (meaning === undefined) throw schedulerUnavailable('squeue', `it reported the unknown state ${state}`);
  return { id, ...meaning, state, restarts: Number(restarts), arrayId };
}
