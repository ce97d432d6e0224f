import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobOrigin } from '../../schedulers/scheduler.ts';

/** What has to be true of a job before it is cancelled for a run. */
export interface JobClaim {
  /** The work directory of the run's task, as its events or its log say. */
  readonly workDirectory: string | null;
  /** The run's own, which is known otherwise; null: it is not. */
  readonly runWorkDirectory: string | null;
  /** Whether it is a task of a job array: that is submitted from a directory of its own, which no event names. */
  readonly isArrayTask: boolean;
  /** When the run was created (milliseconds since 1970). */
  readonly since: number;
}

/** A file server that does not answer must hold up no purge. */
const RESOLVE_MS = 5000;

/** Below the run's: the hash of the task. Nextflow 24.10 to 26.08, FileHelper.getWorkFolder. */
const TASK = /^[0-9a-f]{2}\/[0-9a-f]{30}$/;

/**
 * Decides whether the scheduler's own word shows that a job is the run's. Returns why it does not, or undefined. An id alone
 * shows nothing: tasks can write events, and names of tasks can forge lines of the log.
 */
export async function whyNotOurs(origin: JobOrigin, claim: JobClaim): Promise<string | undefined> {
  const { owner, isOurs, workDirectory, submittedAt } = origin;
  if (owner === null || workDirectory === null || submittedAt === null)
    return 'the scheduler does not tell its owner, work directory and submit time';
  if (!isOurs) return `the scheduler says that it belongs to ${owner}`;
  if (submittedAt < claim.since)
    return `the scheduler says that it was submitted at ${new Date(submittedAt).toISOString()}, before the run began`;
  const expected = await directoriesOf(claim);
  if (expected === undefined) return "the work directory of the run's task is not known";
  if (expected.some((directory) => isWithin(directory, workDirectory))) return undefined;
  return `the scheduler says that it was submitted from ${workDirectory.slice(0, 300)}, which is not its task's work directory`;

  function isWithin(directory: string, found: string): boolean {
    if (!claim.isArrayTask) return found === directory;
    return found.startsWith(`${directory}/`) && TASK.test(found.slice(directory.length + 1));
  }
}

/**
 * The directories of which a job may have been submitted from any: as Nextflow names it, and with all links resolved, as the
 * kernel told the scheduler's command. Of a job array's task, those that hold it. Undefined where the claim makes no sense.
 */
async function directoriesOf({
  workDirectory,
  runWorkDirectory,
  isArrayTask,
}: JobClaim): Promise<string[] | undefined> {
  const run = runWorkDirectory?.replace(/\/+$/, '');
  if (run === undefined || run === '' || workDirectory?.startsWith(`${run}/`) !== true) return undefined;
  const task = workDirectory.slice(run.length + 1);
  if (!TASK.test(task)) return undefined;
  const resolved = realpath(run).catch(() => run);
  const bases = [run, await Promise.race([resolved, sleep(RESOLVE_MS, run, { ref: false })])];
  return isArrayTask ? bases : bases.map((base) => `${base}/${task}`);
}
