// nf-escrow in a campaign: each armed fault happens when its point is reached. The directory CHAOS contains `armed/` with
// one file per fault, and the file `clock` with the clock offset. The file CHAOS_BOOT is mounted over the kernel's boot id.
import { appendFileSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultPoint, FaultInjector } from '../../../daemon/system/steps.ts';
import { main } from '../../../daemon/main.ts';
import { shortWaits, restoreClock } from '../faults/short-waits.ts';
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

/** Claims an armed fault by removing its file, whose name is the index of the run that armed it. */
function claim(name: string, point: string): ChaosKind | undefined {
  try {
    const [where, kind] = readFileSync(join(armed, name), 'utf8').split('\n');
    if (where !== point) return undefined;
    unlinkSync(join(armed, name));
    return kind as ChaosKind;
  } catch {
    return undefined; // another process was faster
  }
}

/** Injects a fault and records whether it happened or found no process to kill. */
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
      note(true); // it kills at least this daemon
      writeFileSync(process.env['CHAOS_BOOT'] ?? '', `${randomUUID()}\n`);
      kill(() => true);
      await doFault('kill -9 daemon', point, directory);
      return;
    case 'kill -9 all':
      note(true);
      kill((one) => isHead(one) || isShim(one) || isCli(one));
      await doFault('kill -9 daemon', point, directory);
      return;
    default:
      note(true); // before the fault, which kills this process or throws
      await doFault(kind, point, directory);
  }
}

/** Kills processes of the run that armed the fault, or of all runs when it has none. Returns whether it killed any. */
function killOne(which: (process: Running) => boolean, by: string): boolean {
  return kill(which, Number(by)) > 0 || kill(which) > 0;
}

/** Kills processes of one run or of all, marks the launch directories of their runs, and returns the number of processes. */
function kill(which: (process: Running) => boolean, run?: number): number {
  const launches = join(directory, 'launch');
  const within = run === undefined ? launches : join(launches, String(run));
  let killed = 0;
  for (let found; (found = processesIn(within).filter(which)).length > 0;)
    for (const one of found)
      try {
        const { pid, directory: place } = one;
        const [, number = ''] = /\/launch\/(\d+)/.exec(place) ?? [];
        // A run continues without the command that started it.
        if (number !== '' && !isCli(one)) writeFileSync(join(launches, number, 'killed'), '');
        process.kill(pid, 'SIGKILL');
        killed += 1;
      } catch {
        continue; // already ended
      }
  return killed;
}

restoreClock(directory);

void main(
  {
    path: fileURLToPath(import.meta.url),
    faults,
    service: shortWaits,
  },
  process.argv.slice(2),
);
