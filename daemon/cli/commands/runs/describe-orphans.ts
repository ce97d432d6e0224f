import type { OrphanedJob, Run } from '../../../contract/types.ts';

/** What a request to cancel came to for the jobs that a run left behind: one line each for those that were left alone. */
export function describeCancellation({ orphanedJobs }: Run): string[] {
  const asked = orphanedJobs.filter(({ refusal }) => refusal === undefined);
  return [
    ...(asked.length === 0
      ? []
      : [`So were the jobs that it has left behind: ${asked.map(({ id }) => id).join(', ')}`]),
    ...describeRefusals(orphanedJobs),
  ];
}

/** The jobs that nf-escrow does not cancel, and what their user can do. */
export function describeRefusals(jobs: readonly OrphanedJob[]): string[] {
  return jobs.flatMap(({ executor, id, name, refusal }) =>
    refusal === undefined
      ? []
      : [
          `Not cancelled: ${executor} ${id} (${name}): ${refusal}. Look at it, and cancel it yourself if it is yours.`,
        ],
  );
}

/** For `runs show`. */
export function describeLeft({ id, orphanedJobs }: Run): string {
  const jobs = orphanedJobs.map(({ executor, id: job, name, refusal }) => {
    const note = refusal === undefined ? '' : `, not cancelled: ${refusal}`;
    return `${executor} ${job} (${name}${note})`;
  });
  return `${jobs.join(', ')}; to end them: nf-escrow runs cancel ${id}`;
}
