import { userInfo } from 'node:os';
import {
  commandFailed,
  schedulerUnavailable,
  submittedJobId,
  type CommandResult,
  type RunCommand,
} from '../command.ts';
import { findState } from '../job-state.ts';
import { originOf, unknownOrigin } from '../job-origin.ts';
import type { JobOrigin, JobStatus, Scheduler, Submission } from '../scheduler.ts';
import { states } from './states.ts';

/** One `<job_list>` of `qstat -xml`, in the format of Grid Engine 6.2 and its successors. */
const JOB = /<job_list state="([^"]*)">(.*?)<\/job_list>/gs;
const NUMBER = /<JB_job_number>([0-9]+)<\/JB_job_number>/;
const NAME = /<JB_name>([^<]*)<\/JB_name>/;
const STATE = /<state>([A-Za-z]+)<\/state>/;
/** Messages for an unreachable qmaster, which has not received the request. */
const DOWN = /commlib error|unable to (send message|contact)|cannot reach|Unable to initialize environment/i;
const NO_JOB = /denied: job "?[0-9]+"? does not exist/;

/** Output of `qstat -xml -j`. Text in it is escaped, so that no name or path can be mistaken for an element. */
const DETAILED = /<JB_job_number>([0-9]+)<\/JB_job_number>/g;
const OWNER = /<JB_owner>([^<]*)<\/JB_owner>/;
/** Submit time in seconds; in milliseconds in the versions of Univa and Altair. */
const SUBMITTED = /<JB_submission_time>([0-9]{10}(?:[0-9]{3})?)<\/JB_submission_time>/;
const WORK_DIRECTORY = /<VA_variable>__SGE_PREFIX__O_WORKDIR<\/VA_variable>\s*<VA_value>([^<]*)<\/VA_value>/g;
const TASK_RANGE = /<RN_min>([0-9]+)<\/RN_min>\s*<RN_max>([0-9]+)<\/RN_max>/g;

type NamedJob = JobStatus & { readonly name: string };

/**
 * Grid Engine (SGE and its successors). It forgets an ended job at once. Only the accounting file remembers it, which not
 * every user may read.
 */
export class GridEngine implements Scheduler {
  readonly executor = 'sge';
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /** Without -V, a job receives nothing of our environment. */
  async submit({ name, script, output, requeue, options }: Submission): Promise<string> {
    const answer = await this.#run('qsub', [
      ...['-terse', '-N', name, '-o', output, '-j', 'y', '-S', '/bin/bash', '-r', requeue ? 'y' : 'n'],
      ...[...options, script],
    ]);
    const id = /^([0-9]+)$/m.exec(answer.stdout)?.[1]; // checks of the site may print other lines
    return submittedJobId('qsub', answer, isDown(answer), id);
  }

  async jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    const wanted = new Set(ids);
    return new Map(
      (await this.#list()).filter(({ id }) => wanted.has(id)).map(({ name: _name, ...job }) => [job.id, job]),
    );
  }

  async find(name: string): Promise<string[]> {
    const found = (await this.#list()).filter((job) => job.name === name);
    return found.map(({ id }) => id).sort((one, other) => Number(one) - Number(other));
  }

  /** The tasks of a job array have the same owner, directory and time. */
  async origin(id: string): Promise<JobOrigin | undefined> {
    const [job = id, task] = id.split('.');
    const { status, stdout, stderr } = await this.#run('qstat', ['-xml', '-j', job]);
    if (/<unknown_jobs/.test(stdout)) return undefined;
    // qstat also exits with status 0 if no qmaster responds.
    if (status !== 0 || DOWN.test(stdout)) throw commandFailed('qstat', { status, stdout, stderr });
    if (!stdout.trimEnd().endsWith('</detailed_job_info>'))
      throw schedulerUnavailable('qstat', 'its output is incomplete');
    const numbers = [...stdout.matchAll(DETAILED)].map(([, number]) => number);
    const ranges = [...stdout.matchAll(TASK_RANGE)].map(([, first, last]) => first === last);
    const isWholeArray = task === undefined && (ranges.length !== 1 || ranges[0] !== true);
    if (numbers.length !== 1 || numbers[0] !== job || isWholeArray) return unknownOrigin;
    const directories = [...stdout.matchAll(WORK_DIRECTORY)].map(([, directory = '']) => unescape(directory));
    const time = SUBMITTED.exec(stdout)?.[1];
    const owner = OWNER.exec(stdout)?.[1];
    return originOf(
      owner === undefined ? undefined : unescape(owner),
      directories.length === 1 ? directories[0] : undefined,
      time === undefined ? undefined : Number(time.padEnd(13, '9')),
    );
  }

  /** qdel has no `--` and would take it for a user name. */
  async cancel(id: string): Promise<void> {
    const answer = await this.#run('qdel', [id]);
    if (answer.status !== 0 && !NO_JOB.test(answer.stdout + answer.stderr))
      throw commandFailed('qdel', answer);
  }

  async #list(): Promise<NamedJob[]> {
    const answer = await this.#run('qstat', ['-u', userInfo().username, '-xml']);
    if (answer.status !== 0) throw commandFailed('qstat', answer);
    if (!answer.stdout.trimEnd().endsWith('</job_info>'))
      throw schedulerUnavailable('qstat', 'its output is incomplete');
    return [...answer.stdout.matchAll(JOB)].map(([, list = '', body = '']) => parse(list, body));
  }
}

function parse(list: string, body: string): NamedJob {
  const [id, name, state] = [NUMBER, NAME, STATE].map((field) => field.exec(body)?.[1]);
  const meaning = findState(states, list);
  if (id === undefined || name === undefined || state === undefined || meaning === undefined)
    throw schedulerUnavailable('qstat', 'it reported a job without number, name or state');
  // R: the job was restarted; the number of restarts is not reported. Source: qstat(1), "Status".
  return { id, name, ...meaning, state, restarts: state.includes('R') ? 1 : 0 };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

function unescape(text: string): string {
  return text.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}

function isDown({ stderr, stdout }: CommandResult): boolean {
  return DOWN.test(stderr + stdout);
}
