import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { EscrowError } from '../errors.ts';
import type { RunCommand } from './run-command.ts';
import { Lsf } from './lsf/lsf.ts';
import { Pbs } from './pbs/pbs.ts';
import type { Executor, Scheduler } from './scheduler.ts';
import { GridEngine } from './sge/grid-engine.ts';
import { Slurm } from './slurm/slurm.ts';

const MAKE: Readonly<Record<Executor, (how?: RunCommand) => Scheduler>> = {
  slurm: (how) => new Slurm(how),
  sge: (how) => new GridEngine(how),
  pbs: (how) => new Pbs(how),
  lsf: (how) => new Lsf(how),
};

/** A command that each has and no other does; qsub and qstat are both Grid Engine's and PBS's. */
const MARKS: readonly (readonly [Executor, string])[] = [
  ['slurm', 'sbatch'],
  ['lsf', 'bsub'],
  ['sge', 'qconf'],
  ['pbs', 'qselect'],
];

export function createScheduler(executor: Executor, how?: RunCommand): Scheduler {
  return MAKE[executor](how);
}

/** The scheduler whose commands are on PATH. Throws `scheduler-unavailable` where there is none. */
export function detectExecutor(path = process.env['PATH'] ?? ''): Executor {
  const found = MARKS.find(([, command]) => isOnPath(command, path));
  if (found !== undefined) return found[0];
  throw new EscrowError(
    'scheduler-unavailable',
    'No scheduler has its commands on PATH (sbatch, bsub, qsub).',
  );
}

function isOnPath(command: string, path: string): boolean {
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .some((directory) => {
      try {
        accessSync(join(directory, command), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
