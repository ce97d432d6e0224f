import { isJobId } from '../../schedulers/job-id.ts';
import { definitions } from '../../schedulers/registry.ts';

/** What a line of the log tells of the jobs that a head has handed to a scheduler. */
export type TaskJobEvent =
  | { readonly submitted: { readonly executor: string; readonly id: string; readonly name: string } }
  | { readonly completed: string };

/** GridTaskHandler, submit: `[SLURM] submitted process foo (1) > jobId: 12; workDir: /w/ab/cdef`. Nextflow 24.10 to 26.x. */
const SUBMITTED =
  /GridTaskHandler - \[([A-Z_]+)\] submitted process (.+) > jobId: ([A-Za-z0-9._[\]-]+); workDir: /;
/** TaskPollingMonitor: `Task completed > TaskHandler[jobId: 12; id: 1; name: foo (1); status: COMPLETED; …`. */
const COMPLETED = /Task completed > TaskHandler\[jobId: ([A-Za-z0-9._[\]-]+); /;

const NAME_MAX = 200;

/** Undefined for any other line, for jobs of a scheduler that we cannot ask, and for ids that it cannot have given. */
export function readTaskJobEvent(line: string): TaskJobEvent | undefined {
  const [, kind = '', name = '', id] = SUBMITTED.exec(line) ?? [];
  if (id !== undefined) {
    const executor = definitions.find(({ logNames }) => logNames.includes(kind))?.executor;
    if (executor === undefined || !isJobId(executor, id)) return undefined;
    return { submitted: { executor, id, name: name.slice(0, NAME_MAX) } };
  }
  const [, completed] = COMPLETED.exec(line) ?? [];
  return completed === undefined ? undefined : { completed };
}
