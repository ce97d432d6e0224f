import type { DroppedRecord, Receipt } from '../../../contract/types.ts';

const KINDS: Readonly<Record<DroppedRecord, string>> = {
  events: 'events of the plugin',
  log: "Nextflow's log",
  trace: 'the trace',
  tasks: 'tasks',
  'trace-errors': 'lines that could not be read',
  'task-jobs': 'jobs of tasks',
  exposures: 'files with values',
  'job-definitions': 'job definitions (nf-escrow sweep finds the rest)',
};

/** Returns which kinds of records were dropped because the run exceeded a limit. Empty if none were. */
export function describeDropped({ dropped = [] }: Receipt): string[] {
  if (dropped.length === 0) return [];
  return ['', `recorded in part: ${dropped.map((kind) => KINDS[kind]).join(', ')}; see docs/limits.md`];
}
