import { definitions } from './registry.ts';
import type { SchedulerEnvironment } from './scheduler.ts';
import { variableMatcher } from './variable-patterns.ts';

/** Patterns of the variables that a head job keeps from its scheduler, for all schedulers. */
export const variablesKeptInJob: readonly string[] = patterns('location', 'job');

/** Returns whether a variable locates a scheduler. A daemon started by systemd or cron needs these variables. */
export const isSchedulerLocation = variableMatcher(patterns('location'));

/** Returns whether a variable describes the submitter's own job, session or defaults. It must not reach a head job. */
export const isSubmitterVariable = variableMatcher(patterns('submitter'));

const isDefault = variableMatcher(patterns('defaults'));

/** Returns whether a variable changes the behavior or output of a scheduler's commands. A user or a job may set it. */
export function isCommandDefault(name: string): boolean {
  return isDefault(name) && !isSchedulerLocation(name);
}

function patterns(...groups: readonly (keyof SchedulerEnvironment)[]): string[] {
  const all = definitions.flatMap(({ environment }) => groups.flatMap((group) => environment[group]));
  return [...new Set(all)];
}
