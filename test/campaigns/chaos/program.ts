// nf-escrow in a campaign: any fault that is armed happens as soon as its point is reached. CHAOS names a directory:
// `armed/` has a file for each, `clock` the clock. CHAOS_BOOT is bound over what the kernel says of this boot.
import { appendFileSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultPoint, FaultInjector } from '../../../daemon/system/steps.ts';
import { main } from '../../../daemon/main.ts';
import { hasty, takeClock } from '../faults/short-waits.ts';
import {
  doFault,
  errorNow,
  isCli,
  isHead,
  isShim,
  processesIn,
  type Running,
} from '../faults/fault-kinds.ts';
import type { ChaosKind } from './fault-plan.ts';

const directory = process.env['CHAOS'] ?? '';
const armed = join(directory, 'armed');

const faults: FaultInjector = async (point) => {
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

/** Does it, and notes that it happened, or that there was nothing of the kind to kill. */
async function happen(kind: ChaosKind, by: string, point: FaultPoint): Promise<void> {
  const note = (did: boolean): void => {
    appendFileSync(join(directory, did ? 'happened' : 'moot'), `${kind}\n`);
  };
  switch (kind) {
    case 'kill -9 head':
      note(killOne(isHead, by));
      return;
    case 'kill -9 shim':
      note(killOne(isShim, by));
      return;
    case 'kill -9 CLI':
      note(killOne(isCli, by));
      return;
    case 'ledger locked':
      note(await doFault(kind, point, directory));
      return;
    case 'reboot':
      note(true); // this very daemon at least
      writeFileSync(process.env['CHAOS_BOOT'] ?? '', `${randomUUID()}\n`); // bound over the kernel's own
      kill(() => true);
      await doFault('kill -9 daemon', point, directory);
      return;
    case 'kill -9 all':
      note(true);
      kill((one) => isHead(one) || isShim(one) || isCli(one));
      await doFault('kill -9 daemon', point, directory);
      return;
    default:
      note(true); // first: it ends us, or throws
      await doFault(kind, point, directory); // the same to one run and to many
  }
}

/** Of the run that brought the fault, or where that has none just now, of every other. False: nobody has. */
function killOne(which: (process: Running) => boolean, by: string): boolean {
  return kill(which, Number(by)) > 0 || kill(which) > 0;
}

/** Ends such processes, of one run or of all; notes in the run's directory that it was done to it, and gives how many. */
function kill(which: (process: Running) => boolean, run?: number): number {
  const launches = join(directory, 'launch');
  const within = run === undefined ? launches : join(launches, String(run));
  let killed = 0;
  for (let found; (found = processesIn(within).filter(which)).length > 0;)
    for (const one of found)
      try {
        const { pid, directory: place } = one;
        const [, number = ''] = /\/launch\/(\d+)/.exec(place) ?? [];
        // A run does not end with the command that started it.
        if (number !== '' && !isCli(one)) writeFileSync(join(launches, number, 'killed'), '');
        process.kill(pid, 'SIGKILL');
        killed += 1;
      } catch {
        continue; // ended meanwhile
      }
  return killed;
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
