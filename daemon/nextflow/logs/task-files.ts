import { opendirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../errors.ts';
import { isNewer } from './run-files.ts';

/** A task that the ledger knows. */
export interface KnownTask {
  readonly id: string;
  readonly process: string | null;
  /** The beginning of the path of its directory in the work directory: `ab/cdef01`. */
  readonly hash: string | null;
}

/** A file that Nextflow writes for a task. */
export interface TaskFile {
  readonly path: string;
  readonly task: string;
  readonly process: string | null;
}

/**
 * Names of the files that Nextflow writes into the directory of a task, as TaskFiles.java has them. Other files are the
 * pipeline's data. Small files first, because the output of a task may exceed the budget.
 */
const NAMES = [
  ...['.command.run', '.command.sh', '.command.stage', '.command.condor', '.command.yaml', '.command.in'],
  ...[
    '.command.begin',
    '.exitcode',
    '.command.env',
    '.command.trace',
    '.command.err',
    '.command.out',
    '.command.log',
  ],
];
const HASH = /^([0-9a-f]{2})\/([0-9a-f]{6})/;
const GROUP = /^[0-9a-f]{2}$/;
const REST = /^[0-9a-f]{30}$/;
/** Limit of directories of unknown tasks that are examined. A work directory may have those of many runs. */
const UNKNOWN_MAX = 20_000;

/** What is known of the tasks of a run. */
export interface TasksOfRun {
  readonly tasks: readonly KnownTask[];
  /** Whether these are all tasks of the run. */
  readonly knowsTasks: boolean;
  /** Start of the run (milliseconds since 1970). */
  readonly since: number;
}

/** Number of tasks whose files were listed, and whether all of the run's are among them. */
export interface ListedTasks {
  tasks: number;
  isComplete: boolean;
}

/**
 * Lists the files of a run's tasks in a work directory. Unless all tasks are known, lists those of all task directories that
 * were changed since the start of the run, which may include those of other runs. Directories that cannot be listed are
 * skipped. Blocks its thread.
 */
export function* taskFiles(
  work: string,
  { tasks, knowsTasks, since }: TasksOfRun,
  listed: ListedTasks,
): Generator<TaskFile> {
  const byHash = new Map(tasks.flatMap((task) => (task.hash === null ? [] : [[task.hash, task] as const])));
  const wanted = new Set(tasks.flatMap(({ hash }) => HASH.exec(hash ?? '')?.[1] ?? []));
  let examined = 0;
  for (const group of entriesOf(work)) {
    if (!GROUP.test(group) || (knowsTasks && !wanted.has(group))) continue;
    for (const rest of entriesOf(join(work, group))) {
      if (!REST.test(rest)) continue;
      const directory = join(work, group, rest);
      const task = byHash.get(`${group}/${rest.slice(0, 6)}`);
      if (task === undefined) {
        if (knowsTasks) continue;
        if ((examined += 1) > UNKNOWN_MAX) return;
        if (!isNewer(directory, since)) continue;
      }
      listed.tasks += 1;
      for (const name of NAMES)
        yield {
          path: join(directory, name),
          task: task?.id ?? `${group}/${rest.slice(0, 6)}`,
          process: task?.process ?? null,
        };
    }
  }
  listed.isComplete = listed.tasks >= byHash.size;
}

function* entriesOf(directory: string): Generator<string> {
  try {
    const entries = opendirSync(directory, { bufferSize: 256 });
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) yield entry.name;
    } finally {
      entries.closeSync();
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error; // else not found or not readable
  }
}
