import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobOrigin } from '../../schedulers/scheduler.ts';

/** Facts that a job must match before it is cancelled for a run. */
export interface JobClaim {
  /** The task's work directory, as events or log report it. */
  readonly workDirectory: string | null;
  /** The run's work directory, from another source. Null if unknown. */
  readonly runWorkDirectory: string | null;
  /** Whether the job is a task of a job array. Its submit directory is its own, and no event names it. */
  readonly isArrayTask: boolean;
  /** When the run was created (milliseconds since 1970). */
  readonly since: number;
}

/** Time limit for resolving links. A file server that does not respond must not block a purge. */
const RESOLVE_MS = 5000;

/** Task directory relative to the run's work directory. Source: Nextflow 24.10 to 26.08, FileHelper.getWorkFolder. */
const TASK = /^[0-9a-f]{2}\/[0-9a-f]{30}$/;

/**
 * Checks whether the scheduler's facts show that a job belongs to the run. Returns the reason if they do not, else undefined.
 * The job id is not sufficient: tasks can write events, and task names can forge log lines.
 */
export async function whyNotOurs(origin: JobOrigin, claim: JobClaim): Promise<string | undefined> {
  const { owner, isOurs, workDirectory, submittedAt } = origin;
  if (owner === null || workDirectory === null || submittedAt === null)
    return 'the scheduler does not report its owner, work directory and submit time';
  if (!isOurs) return `according to the scheduler, it belongs to ${owner}`;
  if (submittedAt < claim.since)
    return `according to the scheduler, it was submitted at ${new Date(submittedAt).toISOString()}, before the run began`;
  const expected = await directoriesOf(claim);
  if (expected === undefined) return "the work directory of the run's task is not known";
  if (expected.some((directory) => isWithin(directory, workDirectory))) return undefined;
  return `according to the scheduler, it was submitted from ${workDirectory.slice(0, 300)}, which is not its task's work directory`;

  function isWithin(directory: string, found: string): boolean {
    if (!claim.isArrayTask) return found === directory;
    return found.startsWith(`${directory}/`) && TASK.test(found.slice(directory.length + 1));
  }
}

/**
 * Returns the directories from which the job may have been submitted: as Nextflow names it, and with all links resolved, as
 * the kernel reports it to the submit command. For a task of a job array, returns the parent directories. Undefined if the
 * claim is inconsistent.
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
