import type { OrphanedJob, Run } from '../../../contract/types.ts';

/** Returns what a request to cancel did to a run's orphaned jobs, with one line for each that was not cancelled. */
export function describeCancellation({ orphanedJobs }: Run): string[] {
  const asked = orphanedJobs.filter(({ refusal }) => refusal === undefined);
  return [
    ...(asked.length === 0
      ? []
      : [`Requested cancellation of orphaned jobs: ${asked.map(({ id }) => id).join(', ')}`]),
    ...describeRefusals(orphanedJobs),
  ];
}

/** Returns the jobs that nf-escrow does not cancel, and what the user can do. */
export function describeRefusals(jobs: readonly OrphanedJob[]): string[] {
  return jobs.flatMap(({ executor, id, name, refusal }) =>
    refusal === undefined
      ? []
      : [`Not cancelled: ${executor} ${id} (${name}): ${refusal}. If the job is yours, cancel it yourself.`],
  );
}

/** Returns the orphaned jobs as a line for `runs show`. */
export function describeLeft({ id, orphanedJobs }: Run): string {
  const jobs = orphanedJobs.map(({ executor, id: job, name, refusal }) => {
    const note = refusal === undefined ? '' : `, not cancelled: ${refusal}`;
    return `${executor} ${job} (${name}${note})`;
  });
  return `${jobs.join(', ')}. Cancel them with: nf-escrow runs cancel ${id}`;
}
