// nf-escrow with a fault injector, otherwise composed like the product. FAULT_POINT and FAULT_KIND choose the fault. The
// directory FAULT_DIRECTORY keeps what must survive a process: the points reached, whether the fault has happened, the
// clock offset, the boot id.
import { appendFileSync, closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs';
import type { FaultPoint, FaultInjector } from '../../../daemon/system/steps.ts';
import { main } from '../../../daemon/main.ts';
import { shortWaits, restoreClock } from './short-waits.ts';
import { doFault, errorNow, isKind, isOfServer, shiftClock } from './fault-kinds.ts';

const {
  FAULT_POINT: wanted,
  FAULT_KIND: kind = '',
  FAULT_ALSO: also,
  FAULT_DIRECTORY: directory = '',
} = process.env;

/** A second fault before the point: an error, or a clock shift of 13 hours. */
const [alsoKind, alsoPoint] = also?.split('@') ?? [];

/** Whether this process is a replica of a team server, or a command of its operator. */
const isServer = process.argv[2] === 'serve';

const faults: FaultInjector = async (point) => {
  if (isOfServer(point) !== isServer) return; // the API of a daemon has steps of its requests too
  appendFileSync(join(directory, 'points'), `${point}\n`);
  const lasting = errorNow(point);
  if (lasting !== undefined) throw lasting;
  if (point === alsoPoint && claim('also')) {
    if (alsoKind === 'clock') shiftClock(directory, 13 * 3600 * 1000);
    else throw Object.assign(new Error('injected second fault'), { code: 'EIO' });
  }
  if (point === (wanted as FaultPoint | undefined) && isKind(kind) && claim('spent'))
    if (!(await doFault(kind, point, directory))) writeFileSync(join(directory, 'moot'), '');
};

/** Returns true to exactly one caller of all processes. */
function claim(name: string): boolean {
  try {
    closeSync(openSync(join(directory, name), 'wx'));
    return true;
  } catch {
    return false;
  }
}

if (!isServer) restoreClock(directory);

// After a "reboot", the kernel reports another boot id.
if (existsSync(join(directory, 'boot'))) {
  const read = fs.readFileSync;
  const boot = read(join(directory, 'boot'), 'utf8');
  const readFileSync = (path: unknown, ...rest: unknown[]): unknown =>
    path === '/proc/sys/kernel/random/boot_id'
      ? boot
      : (read as (...args: unknown[]) => unknown)(path, ...rest);
  fs.readFileSync = readFileSync as typeof read;
  syncBuiltinESMExports();
}

// The daemon queries schedulers every 15 seconds. This clock runs 20 times as fast. Like the product's, it is monotonic, so
// that "clock +1 day" does not shift it.
const start = performance.now();
void main(
  {
    path: fileURLToPath(import.meta.url),
    faults,
    service: { ...shortWaits, jobsClock: () => start + (performance.now() - start) * 20 },
  },
  process.argv.slice(2),
);
