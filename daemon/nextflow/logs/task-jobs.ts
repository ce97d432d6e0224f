import type { OrphanedJob } from '../../contract/types.ts';
import { isJobId } from '../../schedulers/job-id.ts';
import { definitions } from '../../schedulers/registry.ts';
import { parseLogLine } from './log-line.ts';

/** An event of a scheduler job that the head has submitted for a task. */
export type TaskJobEvent =
  | {
      readonly submitted: {
        readonly executor: OrphanedJob['executor'];
        readonly id: string;
        /** Name of the task. */
        readonly name: string;
        readonly workDirectory: string | null;
      };
    }
  | { readonly completed: string };

/** GridTaskHandler, submit: `[SLURM] submitted process foo (1) > jobId: 12; workDir: /w/ab/cdef`. Nextflow 24.10 to 26.x. */
const SUBMITTED =
  /^\[([A-Z_]{1,20})\] submitted process (.+) > jobId: ([A-Za-z0-9._[\]-]{1,300}); workDir: (\/.{0,4095})$/su;
/** TaskPollingMonitor: `Task completed > TaskHandler[jobId: 12; id: 1; name: foo (1); status: COMPLETED; …`. */
const COMPLETED = /^Task completed > TaskHandler\[jobId: ([A-Za-z0-9._[\]-]{1,300}); /u;

const NAME_MAX = 200;
/** A longer line may have been truncated when it was read. */
const LINE_MAX = 16 * 1024;

/**
 * Parses a line of the log, for a run without events from the plugin. Returns undefined for any other line, for jobs of an
 * unsupported scheduler, and for ids that the scheduler cannot have assigned. A task's name can forge both kinds of lines.
 */
export function readTaskJobEvent(line: string): TaskJobEvent | undefined {
  if (line.length > LINE_MAX) return undefined;
  const { logger, message } = parseLogLine(line) ?? {};
  if (message === undefined) return undefined;
  if (logger === 'GridTaskHandler') {
    const [, kind = '', name = '', id = '', workDirectory = ''] = SUBMITTED.exec(message) ?? [];
    const executor = gridExecutor(kind);
    if (executor === undefined || !isJobId(executor, id)) return undefined;
    return { submitted: { executor, id, name: name.slice(0, NAME_MAX), workDirectory } };
  }
  const [, completed] = (logger === 'TaskPollingMonitor' && COMPLETED.exec(message)) || [];
  return completed === undefined ? undefined : { completed };
}

/** Returns the scheduler with this name in Nextflow, or undefined if it is not supported. */
export function gridExecutor(name: string): (typeof definitions)[number]['executor'] | undefined {
  return definitions.find(({ logNames }) => logNames.includes(name.toUpperCase()))?.executor;
}
