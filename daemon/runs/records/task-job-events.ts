import type { Task } from '../../contract/types.ts';
import type { EventJob } from '../../nextflow/logs/events.ts';
import { gridExecutor, type TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { isJobId } from '../../schedulers/job-id.ts';
import type { RunDependencies } from '../dependencies.ts';
import { remoteTaskJobs } from '../purge/orphaned-jobs.ts';
import { withMaskedName } from './task-names.ts';

/**
 * Returns the job event in an event of a task. Undefined if the task is not a job of a scheduler or a platform, or if the id
 * is not valid there.
 */
export function taskJobOf(
  deps: Pick<RunDependencies, 'platforms'>,
  { task, job }: { readonly task: Task; readonly job: EventJob | undefined },
): TaskJobEvent | undefined {
  if (job === undefined) return undefined;
  const { id, workDirectory } = job;
  const executor = executorOf(deps, job);
  if (executor === undefined) return undefined;
  if (task.status !== 'SUBMITTED' && task.status !== 'RUNNING') return { completed: id };
  return { submitted: { executor, id, name: task.name ?? id, workDirectory } };
}

/** Returns the event with the task's name masked. */
export function withMaskedJobName(event: TaskJobEvent, masked: (name: string) => string): TaskJobEvent {
  return 'submitted' in event ? { submitted: withMaskedName(event.submitted, masked) } : event;
}

function executorOf(deps: Pick<RunDependencies, 'platforms'>, { executor: name, id }: EventJob) {
  const scheduler = gridExecutor(name);
  if (scheduler !== undefined) return isJobId(scheduler, id) ? scheduler : undefined;
  return remoteTaskJobs(deps).find(({ executor, isJobId: isOwnId }) => executor === name && isOwnId(id))
    ?.executor;
}
