import { definitions } from './registry.ts';
import type { SchedulerEnvironment } from './scheduler.ts';
import { variableMatcher } from './variable-patterns.ts';

/** Patterns of the names of variables that a head job keeps of what its scheduler set for it, for any scheduler. */
export const variablesKeptInJob: readonly string[] = patterns('location', 'job');

/** Whether a variable tells where a scheduler is, so that a daemon started by systemd or cron needs it. */
export const isSchedulerLocation = variableMatcher(patterns('location'));

/** Whether a variable describes the submitter's own job, session or defaults, and so must not reach a head job. */
export const isSubmitterVariable = variableMatcher(patterns('submitter'));

const isDefault = variableMatcher(patterns('defaults'));

/** Whether a variable changes what a scheduler's command does or prints: set by the user for their own use, or by a job. */
export function isCommandDefault(name: string): boolean {
  return isDefault(name) && !isSchedulerLocation(name);
}

function patterns(...groups: readonly (keyof SchedulerEnvironment)[]): string[] {
  const all = definitions.flatMap(({ environment }) => groups.flatMap((group) => environment[group]));
  return [...new Set(all)];
}
