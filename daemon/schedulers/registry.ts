import type { Executor } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { findProgram } from '../system/files/find-program.ts';
import { lsf } from './lsf/definition.ts';
import { pbs } from './pbs/definition.ts';
import type { SchedulerDefinition } from './scheduler.ts';
import { sge } from './sge/definition.ts';
import { slurm } from './slurm/definition.ts';

/**
 * All schedulers of schemas/executor.json. If the commands or job variables of several are present, the first one counts.
 * Grid Engine precedes PBS because it also has a `qselect`.
 */
const registry: Readonly<Record<Executor, SchedulerDefinition>> = {
  slurm,
  lsf,
  sge,
  pbs,
};

export const definitions: readonly SchedulerDefinition[] = Object.values(registry);

/** The names of all schedulers. */
export const executors: readonly Executor[] = definitions.map(({ executor }) => executor);

export function definitionOf(executor: Executor): SchedulerDefinition {
  return registry[executor];
}

/** The submit commands, for messages. */
export const submitCommands = [...new Set(definitions.map(({ submitCommand }) => submitCommand))].join(', ');

/** Returns the scheduler whose commands are on PATH. Throws `scheduler-unavailable` if there is none. */
export function detectExecutor(path = process.env['PATH'] ?? ''): Executor {
  const found = definitions.find(({ markerCommand }) => findProgram(markerCommand, path) !== undefined);
  if (found !== undefined) return found.executor;
  throw new EscrowError(
    'scheduler-unavailable',
    `Cannot detect a scheduler: none of its commands is on PATH (${submitCommands}).`,
  );
}
