import { userInfo } from 'node:os';
import {
  commandFailed,
  inUtc,
  schedulerUnavailable,
  submittedJobId,
  type CommandResult,
  type RunCommand,
} from '../command.ts';
import { jobIdChunks } from '../job-id-chunks.ts';
import { findState } from '../job-state.ts';
import { originOf, unknownOrigin } from '../job-origin.ts';
import type { JobOrigin, JobStatus, Scheduler, Submission } from '../scheduler.ts';
import { states } from './states.ts';

const DOWN =
  /cannot connect|connection refused|Communication failure|No default server|timed? out|15034|15010/i;
/** Replies for an ended or forgotten job. Cancelling a job that is about to end is "invalid for state of job". */
const NO_JOB = /Unknown Job Id|Job has finished|Request invalid for state of job/i;

/** Format of ctime(3). */
const TIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9:]{8}) ([0-9]{4})$/;

/**
 * PBS Pro, OpenPBS and Torque, limited to what their commands have in common. `--` ends the options, as POSIX requires of
 * qstat and qdel (XCU, "qdel": Utility Syntax Guidelines).
 */
export class Pbs implements Scheduler {
  readonly executor = 'pbs';
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /** Without -V, a job receives only PBS_O_HOME and similar variables of our environment. */
  async submit({ name, script, output, requeue, options }: Submission): Promise<string> {
    const answer = await this.#run('qsub', [
      ...['-N', name, '-o', output, '-j', 'oe', '-S', '/bin/bash', '-r', requeue ? 'y' : 'n'],
      ...[...options, script],
    ]);
    const id = /^([0-9]+\.\S+)$/m.exec(answer.stdout)?.[1];
    return submittedJobId('qsub', answer, isDown(answer), id);
  }

  /** Uses the full format, because the short one truncates ids. */
  async jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    const found = new Map<string, JobStatus>();
    for (const some of jobIdChunks(ids))
      for (const block of await this.#blocks(some)) {
        const job = parse(block);
        found.set(job.id, job);
      }
    return found;
  }

  async find(name: string): Promise<string[]> {
    const answer = await this.#run('qselect', ['-u', userInfo().username, '-N', name]);
    if (answer.status !== 0) throw commandFailed('qselect', answer);
    const ids = answer.stdout.split('\n').filter(Boolean);
    if (!ids.every((id) => /^[0-9]+\.\S+$/.test(id)))
      throw schedulerUnavailable('qselect', 'it returned invalid job ids');
    return ids.sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10));
  }

  /** Ignores attributes that occur twice: Torque escapes nothing, so a value may imitate another attribute. */
  async origin(id: string): Promise<JobOrigin | undefined> {
    const [block, ...more] = await this.#blocks([id]);
    if (block === undefined) return undefined;
    if (more.length > 0 || parse(block).id !== id) return unknownOrigin;
    const one = (key: string): string | undefined => {
      const values = attributesOf(block).flatMap(([found, value]) => (found === key ? [value] : []));
      return values.length === 1 ? values[0] : undefined;
    };
    const directories = [...(one('Variable_List') ?? '').matchAll(/(?:^|,)PBS_O_WORKDIR=([^,\\]*)(?=,|$)/g)];
    const [, month, day, time, year] = TIME.exec(one('ctime') ?? '') ?? [];
    return originOf(
      one('Job_Owner')?.split('@')[0],
      directories.length === 1 ? directories[0]?.[1] : undefined,
      month === undefined
        ? undefined
        : Date.parse(`${String(day)} ${month} ${String(year)} ${String(time)} UTC`) + 999,
    );
  }

  async #blocks(ids: readonly string[]): Promise<string[]> {
    const answer = await this.#run('qstat', ['-f', '--', ...ids], inUtc);
    const complaints = answer.stderr.split('\n').filter(Boolean);
    if (answer.status !== 0 && (complaints.length === 0 || !complaints.every((line) => NO_JOB.test(line))))
      throw commandFailed('qstat', answer);
    const [before = '', ...blocks] = answer.stdout.split(/^Job Id: */m);
    if (before.trim() !== '')
      throw schedulerUnavailable('qstat', `unexpected output "${before.trim().slice(0, 80)}"`);
    return blocks;
  }

  async cancel(id: string): Promise<void> {
    const answer = await this.#run('qdel', ['--', id]);
    if (answer.status !== 0 && !NO_JOB.test(answer.stderr)) throw commandFailed('qdel', answer);
  }
}

/** Parses `    key = value`. A long value continues in lines that begin with a tab. */
function attributesOf(block: string): (readonly [key: string, value: string])[] {
  return [...block.replaceAll('\n\t', '').matchAll(/^ {4}(\S+) = (.*)$/gm)].map(
    ([, key = '', value = '']) => [key, value] as const,
  );
}

function parse(block: string): JobStatus {
  const id = block.split('\n')[0]?.trim() ?? '';
  const fields = new Map(attributesOf(block));
  const state = fields.get('job_state');
  const meaning = findState(states, state);
  if (!/^[0-9]+\.\S+$/.test(id) || state === undefined || meaning === undefined)
    throw schedulerUnavailable('qstat', `it reported job "${id.slice(0, 80)}" in an unknown state`);
  const starts = fields.get('run_count') ?? fields.get('start_count'); // PBS Pro; Torque
  const restarts = starts !== undefined && /^[0-9]+$/.test(starts) ? Math.max(0, Number(starts) - 1) : null;
  return { id, ...meaning, state, restarts };
}

function isDown({ stderr }: CommandResult): boolean {
  return DOWN.test(stderr);
}
