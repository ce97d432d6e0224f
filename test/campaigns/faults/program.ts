// nf-escrow with a fault in its daemon: the product's own composition, with `faults` that are real. What happens, and
// where, is in the environment: FAULT_POINT, FAULT_KIND, and FAULT_DIRECTORY, which keeps what outlives a process: each
// point that was reached, whether the fault has happened, the clock, the boot id.
import { appendFileSync, closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs';
import type { FaultPoint, FaultInjector } from '../../../daemon/system/steps.ts';
import { main } from '../../../daemon/main.ts';
import { hasty, takeClock } from './short-waits.ts';
import { doFault, errorNow, isKind, shiftClock } from './fault-kinds.ts';

const {
  FAULT_POINT: wanted,
  FAULT_KIND: kind = '',
  FAULT_ALSO: also,
  FAULT_DIRECTORY: directory = '',
} = process.env;

/** What happens a second time on the way to the point: an error there, or the clock goes on by 13 hours. */
const [alsoKind, alsoPoint] = also?.split('@') ?? [];

const faults: FaultInjector = async (point) => {
  appendFileSync(join(directory, 'points'), `${point}\n`);
  const lasting = errorNow(point);
  if (lasting !== undefined) throw lasting;
  if (point === alsoPoint && claim('also')) {
    if (alsoKind === 'clock') shiftClock(directory, 13 * 3600 * 1000);
    else throw Object.assign(new Error('a fault on the way'), { code: 'EIO' });
  }
  if (point === (wanted as FaultPoint | undefined) && isKind(kind) && claim('spent'))
    if (!(await doFault(kind, point, directory))) writeFileSync(join(directory, 'moot'), '');
};

/** True for the one process, and the one time, that does it. */
function claim(name: string): boolean {
  try {
    closeSync(openSync(join(directory, name), 'wx'));
    return true;
  } catch {
    return false;
  }
}

takeClock(directory);

// After a "reboot" the kernel names another boot.
if (existsSync(join(directory, 'boot'))) {
  const read = fs.readFileSync;
  const boot = read(join(directory, 'boot'), 'utf8');
  const instead = (path: unknown, ...rest: unknown[]): unknown =>
    path === '/proc/sys/kernel/random/boot_id'
      ? boot
      : (read as (...args: unknown[]) => unknown)(path, ...rest);
  fs.readFileSync = instead as typeof read;
  syncBuiltinESMExports();
}

// Schedulers are asked every quarter of a minute: twenty times as often here. As the product's own, this is a clock that
// nobody sets, so that "clock +1 day" does not move it.
const start = performance.now();
await main(
  {
    path: fileURLToPath(import.meta.url),
    faults,
    service: { ...hasty, jobsClock: () => start + (performance.now() - start) * 20 },
  },
  process.argv.slice(2),
);
