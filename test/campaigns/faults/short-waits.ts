import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonOptions } from '../../../daemon/daemon.ts';
import { awsWaits } from '../../../daemon/stores/aws/waits.ts';
import { shiftClock } from './fault-kinds.ts';

/** A daemon that waits for AWS, and between two rounds of tidying, as short as a test can bear. */
export const hasty: DaemonOptions = {
  retryMs: 300,
  waits: {
    ...awsWaits,
    placing: 4000,
    asking: 3000,
    late: 1500,
    apart: 200,
    settling: 50,
    deleting: 3000,
  },
};

/** Sets the clock as a process before this one left it. */
export function takeClock(directory: string): void {
  const path = join(directory, 'clock');
  if (existsSync(path)) shiftClock(directory, Number(readFileSync(path, 'utf8')));
}
