import { rmSync } from 'node:fs';
import type { Test } from 'tap';
import { killAllIn, Sandbox } from '../../support/sandbox.ts';
import { privateDisk } from '../../support/mounts.ts';
import type { Cell, Cloud, Verdict } from './cell.ts';
import type { Template } from './template.ts';
import { CellRun } from './cell-run.ts';

/** Size of a cell's state directory in MiB when it is a separate disk. */
const DISK_MB = 32;

/**
 * Runs one cell, starting from a prepared state directory. Returns violations instead of throwing. With `mayMount`, this
 * process has its own mount namespace, and "disk full" fills a real disk.
 */
export async function runCell(
  cell: Cell,
  template: Template,
  cloud: Cloud | undefined,
  mayMount: boolean,
): Promise<Verdict> {
  const box = new Sandbox({ teardown: () => undefined } as unknown as Test);
  const unmount = mayMount && cell.kind === 'disk full' ? privateDisk(box.state, DISK_MB) : undefined;
  if (unmount !== undefined) box.env['FAULT_DISK'] = box.state;
  try {
    return await new CellRun(box, cell, template, cloud).run();
  } catch (error) {
    const wrong = [`hung: ${error instanceof Error ? error.message : String(error)}`];
    return { cell, points: [], fault: 'none', wrong, outcome: undefined, recoveredMs: 0 };
  } finally {
    killAllIn(box.directory);
    unmount?.();
    rmSync(box.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
