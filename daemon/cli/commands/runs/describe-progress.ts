import type { RunProgress } from '../../../contract/types.ts';

/** Returns the progress of a run in one line. `now`: milliseconds since 1970. */
export function describeProgress({ state, startedAt, tasks }: RunProgress, now: number): string {
  if (state === 'created') return 'Delivering secrets';
  if (state === 'materialized') return 'Waiting for Nextflow to start';
  if (state === 'purged') return '';
  const duration = startedAt === null ? '' : ` for ${describeDuration(now - Date.parse(startedAt))}`;
  const what = state === 'ended' ? 'Removing secrets' : `Running${duration}`;
  const counts = [
    [tasks.completed + tasks.cached, 'done'],
    [tasks.running, 'running'],
    [tasks.waiting, 'waiting'],
    [tasks.failed, 'failed'],
    [tasks.aborted, 'aborted'],
  ] as const;
  const known = counts.filter(([many]) => many > 0).map(([many, word]) => `${String(many)} ${word}`);
  return known.length === 0 ? what : `${what}; tasks: ${known.join(', ')}`;
}

function describeDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${String(hours)} h ${String(minutes)} min`;
  return minutes > 0 ? `${String(minutes)} min ${String(seconds % 60)} s` : `${String(seconds)} s`;
}
