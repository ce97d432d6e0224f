import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { HeadJob } from '../../daemon/contract/types.ts';
import { identifySelf } from '../../daemon/system/processes/process-identity.ts';
import type { FaultInjector } from '../../daemon/system/steps.ts';
import { assemble, placesIn, type Otherwise, type DaemonModules } from './daemon-modules.ts';
import { temporaryDirectory } from './temporary.ts';

/** A run that was placed by modules of its own, and that nobody has started yet. */
export interface Placed {
  readonly modules: DaemonModules;
  readonly id: string;
  /** Its run directory. */
  readonly directory: string;
  /** Passes the fence, as the shim does. */
  readonly start: () => void;
}

/** A head that is over: no pid is that high. */
export const overHead = { ...identifySelf(), pid: 4_194_305, startTime: '1' };

interface Opened {
  readonly modules: DaemonModules;
  /** The directory of run directories. */
  readonly runs: string;
  /** Where they are launched. */
  readonly launch: string;
  /** Places a run, and gives its id. */
  readonly place: () => Promise<string>;
}

/** DaemonModules of a test's own, in a directory that goes with it. */
export async function openModules(
  t: Test,
  { faults, ...otherwise }: Otherwise & { readonly faults?: FaultInjector } = {},
): Promise<Opened> {
  const directory = temporaryDirectory(t);
  const launchDirectory = join(directory, 'launch');
  const runs = join(directory, 'scratch', 'runs');
  mkdirSync(launchDirectory);
  const where = { ...placesIn(directory), runs };
  const modules = await assemble(where, faults, otherwise);
  t.teardown(modules.close);
  const place = async (): Promise<string> => {
    const { run } = await modules.runs.create({
      selection: {},
      launchDirectory,
      nextflow: '/bin/true',
      arguments: ['run', 'x'],
      localStore: null,
      launcher: identifySelf(),
    });
    if (run === undefined) throw new Error('nothing was placed');
    return run.id;
  };
  return { modules, runs, launch: launchDirectory, place };
}

/** `job`: what the ledger is to say of its head's job. */
export async function placeRun(
  t: Test,
  { job, ...others }: Otherwise & { readonly faults?: FaultInjector; readonly job?: Partial<HeadJob> } = {},
): Promise<Placed> {
  const { modules, runs, place } = await openModules(t, others);
  const id = await place();
  if (job !== undefined) {
    const named = { executor: 'slurm', id: '7', restarts: 0, head: true, name: `nf-escrow-${id}`, ...job };
    await modules.ledger.write((db) =>
      db
        .updateTable('runs')
        .set({ head_job: JSON.stringify(named) })
        .where('id', '=', id)
        .execute(),
    );
  }
  return { modules, id, directory: join(runs, id), start: () => startRun(join(runs, id)) };
}

/** Passes the fence of a run, as the shim does. */
export function startRun(directory: string): void {
  execFileSync('mkfifo', ['-m', '600', join(directory, 'alive')]);
  renameSync(join(directory, 'armed'), join(directory, 'started'));
}
