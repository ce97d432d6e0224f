import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { HeadJob } from '../../daemon/contract/types.ts';
import { identifySelf } from '../../daemon/system/processes/process-identity.ts';
import type { FaultInjector } from '../../daemon/system/steps.ts';
import { assemble, placesIn, type Otherwise, type DaemonModules } from './daemon-modules.ts';
import { temporaryDirectory } from './temporary.ts';

/** A materialized run that has not started, with its own modules. */
export interface Placed {
  readonly modules: DaemonModules;
  readonly id: string;
  /** Its run directory. */
  readonly directory: string;
  /** Passes the fence like the shim. */
  readonly start: () => void;
}

/** A head that has ended: its PID is higher than any valid one. */
export const overHead = { ...identifySelf(), pid: 4_194_305, startTime: '1' };

interface Opened {
  readonly modules: DaemonModules;
  /** The directory of run directories. */
  readonly runs: string;
  /** The launch directory of the runs. */
  readonly launch: string;
  /** Materializes a run and returns its id. */
  readonly place: () => Promise<string>;
}

/** Composes the modules for one test in a temporary directory. */
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
    if (run === undefined) throw new Error('the run was not created');
    return run.id;
  };
  return { modules, runs, launch: launchDirectory, place };
}

/** Materializes a run with its own modules. `job` is the head job to write to the ledger. */
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

/** Passes the fence of a run like the shim. */
export function startRun(directory: string): void {
  execFileSync('mkfifo', ['-m', '600', join(directory, 'alive')]);
  renameSync(join(directory, 'armed'), join(directory, 'started'));
  wake(directory);
}

/** Notifies the daemon that files of a run have changed, like the shim. */
function wake(directory: string): void {
  appendFileSync(join(directory, 'wake'), '.');
}

/** Writes the exit file of a run as its shim does, with the token that is in the fence. */
export function writeExit(directory: string, status: number): void {
  const fence = ['armed', 'started'].map((name) => join(directory, name)).find((path) => existsSync(path));
  const token = fence === undefined ? '' : readFileSync(fence, 'utf8').trim();
  writeFileSync(join(directory, 'exit'), `${String(status)} ${token}\n`);
  wake(directory);
}
