import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { RunJob } from '../../daemon/contract/types.ts';
import { identifySelf } from '../../daemon/host/process-identity.ts';
import type { Faults } from '../../daemon/host/steps.ts';
import { assemble, type Otherwise, type Rooms } from '../rooms.ts';
import { temporaryDirectory } from '../temporary.ts';

/** A run that was placed by rooms of its own, and that nobody has started yet. */
export interface Placed {
  readonly rooms: Rooms;
  readonly id: string;
  /** Its run directory. */
  readonly directory: string;
  /** Passes the fence, as the shim does. */
  readonly start: () => void;
}

/** A head that is over: no pid is that high. */
export const overHead = { ...identifySelf(), pid: 4_194_305, startTime: '1' };

/** `job`: what the ledger is to say of its head's job. */
export async function placeRun(
  t: Test,
  {
    faults,
    job,
    ...otherwise
  }: Otherwise & { readonly faults?: Faults; readonly job?: Partial<RunJob> } = {},
): Promise<Placed> {
  const directory = temporaryDirectory(t);
  const launchDirectory = join(directory, 'launch');
  const runs = join(directory, 'scratch', 'runs');
  mkdirSync(launchDirectory);
  const where = {
    ledger: join(directory, 'ledger.db'),
    keyFile: join(directory, 'vault.key'),
    runs,
    output: join(directory, 'output'),
  };
  const rooms = await assemble(where, faults, otherwise);
  t.teardown(rooms.close);
  const { run } = await rooms.runs.create({
    selection: {},
    launchDirectory,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: identifySelf(),
  });
  const id = run?.id ?? '';
  if (job !== undefined) {
    const named = { executor: 'slurm', id: '7', restarts: 0, head: true, name: `nf-escrow-${id}`, ...job };
    await rooms.ledger.write((db) =>
      db
        .updateTable('runs')
        .set({ job: JSON.stringify(named) })
        .where('id', '=', id)
        .execute(),
    );
  }
  const start = (): void => {
    execFileSync('mkfifo', ['-m', '600', join(runs, id, 'alive')]);
    renameSync(join(runs, id, 'armed'), join(runs, id, 'started'));
  };
  return { rooms, id, directory: join(runs, id), start };
}
