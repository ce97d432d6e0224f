// nf-escrow in a campaign: any fault that is armed happens as soon as its point is reached. CHAOS names a directory:
// `armed/` has a file for each, `clock` the clock. CHAOS_BOOT is bound over what the kernel says of this boot.
import { appendFileSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultPoint, Faults } from '../../daemon/host/steps.ts';
import { main } from '../../daemon/main.ts';
import { hasty, takeClock } from '../faults/hasty.ts';
import { doFault, errorNow, isCli, isHead, isShim, processesIn, type Running } from '../faults/kinds.ts';
import type { ChaosKind } from './plan.ts';

const directory = process.env['CHAOS'] ?? '';
const armed = join(directory, 'armed');

const faults: Faults = async (point) => {
  const lasting = errorNow(point);
  if (lasting !== undefined) throw lasting;
  for (const name of readdirSync(armed)) {
    const fault = claim(name, point);
    if (fault !== undefined) await happen(fault, name, point);
  }
};

/** A file's name is the number of the run that brought the fault; who removes it does it. */
function claim(name: string, point: string): ChaosKind | undefined {
  try {
    const [where, kind] = readFileSync(join(armed, name), 'utf8').split('\n');
    if (where !== point) return undefined;
    unlinkSync(join(armed, name));
    return kind as ChaosKind;
  } catch {
    return undefined; // somebody else was faster
  }
}

async function happen(kind: ChaosKind, by: string, point: FaultPoint): Promise<void> {
  appendFileSync(join(directory, 'happened'), `${kind}\n`);
  switch (kind) {
    case 'kill -9 head':
      kill(isHead, Number(by));
      return;
    case 'kill -9 shim':
      kill(isShim, Number(by));
      return;
    case 'kill -9 CLI':
      kill(isCli, Number(by));
      return;
    case 'reboot':
      writeFileSync(process.env['CHAOS_BOOT'] ?? '', `${randomUUID()}\n`); // bound over the kernel's own
      kill(() => true);
      return doFault('kill -9 daemon', point, directory);
    case 'kill -9 all':
      kill((one) => isHead(one) || isShim(one) || isCli(one));
      return doFault('kill -9 daemon', point, directory);
    default:
      return doFault(kind, point, directory); // the same to one run and to many
  }
}

/** Ends such processes, of one run or of all, and notes in the run's directory that it was done to it. */
function kill(which: (process: Running) => boolean, run?: number): void {
  const launches = join(directory, 'launch');
  const within = run === undefined ? launches : join(launches, String(run));
  for (let found; (found = processesIn(within).filter(which)).length > 0;)
    for (const one of found)
      try {
        const { pid, directory: place } = one;
        const [, number = ''] = /\/launch\/(\d+)/.exec(place) ?? [];
        // A run does not end with the command that started it.
        if (number !== '' && !isCli(one)) writeFileSync(join(launches, number, 'killed'), '');
        process.kill(pid, 'SIGKILL');
      } catch {
        continue; // ended meanwhile
      }
}

takeClock(directory);

await main(
  {
    path: fileURLToPath(import.meta.url),
    faults,
    service: hasty,
  },
  process.argv.slice(2),
);
