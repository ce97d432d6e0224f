import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonOptions } from '../../../daemon/daemon.ts';
import { awsWaits } from '../../../daemon/stores/aws/waits.ts';
import { shiftClock } from './fault-kinds.ts';

/** Options that shorten the daemon's waits for AWS and between cleanup rounds. */
export const shortWaits: Partial<DaemonOptions> = {
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

/** Shifts the clock by the offset that an earlier process recorded. */
export function restoreClock(directory: string): void {
  const path = join(directory, 'clock');
  if (existsSync(path)) shiftClock(directory, Number(readFileSync(path, 'utf8')));
}
