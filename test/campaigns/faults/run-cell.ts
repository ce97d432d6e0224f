import { rmSync } from 'node:fs';
import type { Test } from 'tap';
import { killAllIn, Sandbox } from '../../support/sandbox.ts';
import { privateDisk } from '../../support/mounts.ts';
import type { Cell, Cloud, Verdict } from './cell.ts';
import type { BenchTeam } from './team/bench-team.ts';
import type { Template } from './template.ts';
import { CellRun } from './cell-run.ts';

/** Size of a cell's state directory in MiB when it is a separate disk. */
const DISK_MB = 32;

/**
 * What a cell uses besides its state directory: the AWS or the team server of its store. `mayMount`: whether this process has its own
 * mount namespace.
 */
export interface CellGround {
  readonly cloud: Cloud | undefined;
  readonly team: BenchTeam | undefined;
  readonly mayMount: boolean;
}

/**
 * Runs one cell, starting from a prepared state directory. Returns violations instead of throwing. With `mayMount`, this
 * process has its own mount namespace, and "disk full" fills a real disk.
 */
export async function runCell(
  cell: Cell,
  template: Template,
  { cloud, team, mayMount }: CellGround,
): Promise<Verdict> {
  const box = new Sandbox({ teardown: () => undefined } as unknown as Test);
  const unmount = mayMount && cell.kind === 'disk full' ? privateDisk(box.state, DISK_MB) : undefined;
  if (unmount !== undefined) box.env['FAULT_DISK'] = box.state;
  const replicas = await team?.start(box);
  try {
    return await new CellRun(box, cell, template, { cloud, replicas }).run();
  } catch (error) {
    const wrong = [`hung: ${error instanceof Error ? error.message : String(error)}`];
    return { cell, points: [], fault: 'none', wrong, outcome: undefined, recoveredMs: 0 };
  } finally {
    await replicas?.stop();
    killAllIn(box.directory);
    unmount?.();
    rmSync(box.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
