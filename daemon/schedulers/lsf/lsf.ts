import { homedir } from 'node:os';
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

const NO_JOB = /is not found|No matching job found|has already finished|No (unfinished )?job found/;
const DOWN = /LSF is down|Failed in an LSF library call|Cannot connect|Slave LIM|mbatchd|try later/i;

/** bjobs prints no year, and minutes at best. A job is less than a year old. */
const TIME = /^([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9]{2}:[0-9]{2})(?::[0-9]{2})?(?: ([0-9]{4}))?$/;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** LSF. Ended jobs are remembered for CLEAN_PERIOD, one hour by default. Source: lsb.params(5). */
export class Lsf implements Scheduler {
  readonly executor = 'lsf';
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /** `-env none`: the job receives nothing of our environment. */
  async submit({ name, script, output, requeue, options }: Submission): Promise<string> {
    const answer = await this.#run('bsub', [
      ...['-J', name, '-o', output, requeue ? '-r' : '-rn', '-env', 'none', ...options, script],
    ]);
    const id = /^Job <([0-9]+)> is submitted to /m.exec(answer.stdout)?.[1];
    return submittedJobId('bsub', answer, isDown(answer), id);
  }

  async jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>> {
    const found = new Map<string, JobStatus>();
    for (const some of jobIdChunks(ids))
      for (const line of await this.#list(['-o', 'jobid stat', ...some])) {
        const job = parse(line);
        found.set(job.id, job);
      }
    return found;
  }

  async find(name: string): Promise<string[]> {
    const ids = (await this.#list(['-o', 'jobid', '-J', name])).map((line) => line.trim());
    if (!ids.every((id) => /^[0-9]+$/.test(id)))
      throw schedulerUnavailable('bjobs', 'it returned invalid job ids');
    return ids.sort((one, other) => Number(one) - Number(other));
  }

  /** Uses JSON (since 10.1.0.2), where no path or name can be mistaken for a field. LSF does not document `--`. */
  async origin(id: string): Promise<JobOrigin | undefined> {
    const [, job = id, index = '0'] = /^([0-9]+)\[([0-9]+)\]$/.exec(id) ?? [];
    const fields = 'jobid jobindex user submit_time sub_cwd';
    const answer = await this.#run('bjobs', ['-a', '-json', '-o', fields, id], inUtc);
    const records = recordsOf(answer.stdout);
    if (records === undefined) {
      if (NO_JOB.test(answer.stderr)) return undefined;
      throw commandFailed('bjobs', answer);
    }
    const [record = {}, ...more] = records;
    if (NO_JOB.test(record['ERROR'] ?? '') && more.length === 0) return undefined;
    if (more.length > 0 || record['JOBID'] !== job || record['JOBINDEX'] !== index) return unknownOrigin;
    // LSF prints the directory relative to its owner's home directory.
    const directory = record['SUB_CWD']?.replace(/^\$HOME(?=\/|$)/, () => homedir());
    return originOf(record['USER'], directory, latestTime(record['SUBMIT_TIME'] ?? ''));
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

/** Parses the JSON of bjobs. Undefined if it is invalid. Fields that are not text are omitted. */
function recordsOf(text: string): Record<string, string | undefined>[] | undefined {
  try {
    const { RECORDS: records } = JSON.parse(text) as { RECORDS?: unknown };
    if (!Array.isArray(records)) return undefined;
    return records.map((record: unknown) =>
      Object.fromEntries(Object.entries(record ?? {}).filter(([, value]) => typeof value === 'string')),
    );
  } catch {
    return undefined;
  }
}

/** Returns the end of that minute, in the latest year that is not in the future. */
function latestTime(text: string): number | undefined {
  const [, month, day, time, told] = TIME.exec(text) ?? [];
  if (month === undefined) return undefined;
  const inYear = (year: number): number =>
    Date.parse(`${String(day)} ${month} ${String(year)} ${String(time)} UTC`) + MINUTE_MS - 1;
  if (told !== undefined) return inYear(Number(told));
  const year = new Date().getUTCFullYear();
  return inYear(inYear(year) > Date.now() + DAY_MS ? year - 1 : year);
}

function parse(line: string): JobStatus {
  const [, id, state] = /^([0-9]+) +([A-Z_]+) *$/.exec(line) ?? [];
  const meaning = findState(states, state);
  if (id === undefined || state === undefined || meaning === undefined)
    throw schedulerUnavailable('bjobs', `unexpected output "${line.trim().slice(0, 80)}"`);
  return { id, ...meaning, state, restarts: null };
}

function isDown({ stderr }: CommandResult): boolean {
  return DOWN.test(stderr);
}
