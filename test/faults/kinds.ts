// What can happen at a point, done from within the daemon that has reached it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { FaultPoint } from '../../daemon/host/steps.ts';

export const kinds = [
  'kill -9 daemon',
  'kill -9 head',
  'kill -9 shim',
  'kill -9 CLI',
  'kill -9 all',
  'reboot',
  'disk full',
  'I/O error',
  'clock +1 day',
  'clock -1 day',
  'ledger locked',
  'read-only',
  'reply lost',
  'carried out late',
] as const;
export type Kind = (typeof kinds)[number];

export function isKind(text: string): text is Kind {
  return (kinds as readonly string[]).includes(text);
}

/** After a step its failing is a lost reply: it was carried out. What is carried out late is a call to AWS. */
export function happensAt(kind: Kind, point: FaultPoint): boolean {
  if (kind === 'reply lost') return point.startsWith('after ');
  if (kind === 'I/O error') return point.startsWith('before ');
  if (kind === 'carried out late') return point === 'before aws.create-secret';
  return true;
}

/** How long a disk stays full, or read-only, and a ledger locked. */
const LASTING_MS = 700;
const DAY_MS = 24 * 3600 * 1000;
/** Steps that write to a local disk. */
const LOCAL =
  /^before (run\.record|lease\.record|lease\.note|head\.record|records\.|job\.(write|intend|record)|directory\.|fence\.|remove\.|orphans\.record|prune\.)/;

/** Makes local steps fail for a while, as on a disk that is full or read-only. */
function failFor(code: 'ENOSPC' | 'EROFS'): Error {
  lasting = { until: performance.now() + LASTING_MS, code };
  return failure(code);
}

let lasting: { readonly until: number; readonly code: string } | undefined;

/** What a step meets while a disk stays full, or cannot be written. */
export function errorNow(point: FaultPoint): Error | undefined {
  if (lasting === undefined || performance.now() > lasting.until || !LOCAL.test(point)) return undefined;
  return failure(lasting.code);
}

function failure(code: string): Error {
  return Object.assign(new Error('a fault of the test'), { code });
}

export async function doFault(kind: Kind, point: FaultPoint, directory: string): Promise<void> {
  switch (kind) {
    case 'kill -9 daemon': {
      killSelf();
      return;
    }
    case 'kill -9 head': {
      note(directory, kill(isHead));
      return;
    }
    case 'kill -9 shim': {
      note(directory, kill(isShim));
      return;
    }
    case 'kill -9 CLI': {
      note(directory, kill(isCli));
      return;
    }
    case 'kill -9 all':
      kill((process) => isShim(process) || isHead(process) || isCli(process));
      {
        killSelf();
        return;
      }
    case 'reboot':
      // A run that begins later would tell of this machine's boot, and the daemon of another: then nothing but it ends.
      if (kill(() => true) > 0) writeFileSync(join(directory, 'boot'), `${randomUUID()}\n`);
      {
        killSelf();
        return;
      }
    case 'disk full':
      if (process.env['FAULT_DISK'] === undefined) throw failFor('ENOSPC');
      return fillDisk(process.env['FAULT_DISK']);
    case 'read-only':
      throw failFor('EROFS');
    case 'I/O error':
    case 'reply lost':
      throw failure('EIO');
    case 'clock +1 day': {
      shiftClock(directory, DAY_MS);
      return;
    }
    case 'clock -1 day': {
      shiftClock(directory, -DAY_MS);
      return;
    }
    case 'ledger locked':
      return lockLedger();
    case 'carried out late':
      setTimeout(killSelf, 150); // the request is under way by then, and held back
  }
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Nothing of the kind was there: the fault did nothing, and the cell says so. */
function note(directory: string, killed: number): void {
  if (killed === 0) writeFileSync(join(directory, 'moot'), '');
}

const RealDate = Date;

/** Sets this process's clock, and that of those who come after it. */
export function shiftClock(directory: string, ms: number): void {
  writeFileSync(join(directory, 'clock'), String(ms));
  globalThis.Date = class extends RealDate {
    constructor(...args: [] | [string | number | Date]) {
      super(args[0] ?? RealDate.now() + ms);
    }
    static override now(): number {
      return RealDate.now() + ms;
    }
  } as DateConstructor;
}

export interface Running {
  readonly pid: number;
  readonly command: string;
  /** Where it works. */
  readonly directory: string;
}

export const isHead = ({ command }: Running): boolean => /^\S*bash \S*test\/bin\/nextflow /.test(command);
export const isShim = ({ command }: Running): boolean => /^\S*sh \S*\/runs\/\w+\/shim /.test(command);
export const isCli = ({ command }: Running): boolean =>
  / run( |$)/.test(command) && / \S*\/program\.js /.test(command);

/** Ends processes of this cell, told by their directory; gives how many. */
function kill(which: (process: Running) => boolean): number {
  const box = join(process.env['NF_ESCROW_HOME'] ?? '', '..');
  let killed = 0;
  // Again, until there is none: who starts another process as it is killed leaves that behind.
  for (;;) {
    const found = processesIn(box).filter((one) => one.pid !== process.pid && which(one));
    if (found.length === 0) return killed;
    for (const { pid } of found)
      try {
        process.kill(pid, 'SIGKILL');
        killed += 1;
      } catch {
        continue; // ended meanwhile
      }
  }
}

/** Processes that work in a directory. */
export function processesIn(directory: string): Running[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      if (!/^\d+$/.test(name)) return [];
      const place = readlinkSync(`/proc/${name}/cwd`);
      if (place !== directory && !place.startsWith(`${directory}/`)) return [];
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command === '' ? [] : [{ pid: Number(name), command, directory: place }]; // else a zombie
    } catch {
      return []; // ended meanwhile, or not ours
    }
  });
}

/** The state directory lies on a small disk of its own: it is full, for a while. Who empties it outlives us. */
async function fillDisk(disk: string): Promise<void> {
  const script = `dd if=/dev/zero of="$1" bs=64k; echo full; exec >&-; sleep ${String(LASTING_MS / 1000)}; rm -f "$1"`;
  const child = spawn('/bin/sh', ['-c', script, 'sh', join(disk, 'filler')], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: '/',
  });
  await once(createInterface({ input: child.stdout }), 'line');
}

/** Another process has the ledger, for a while. */
async function lockLedger(): Promise<void> {
  const ledger = join(process.env['NF_ESCROW_HOME'] ?? '', 'ledger.db');
  const script = `import Database from 'libsql';
    const database = new Database(process.argv[1]);
    database.exec('BEGIN IMMEDIATE');
    console.log('locked');
    setTimeout(() => database.exec('ROLLBACK'), ${String(LASTING_MS)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ledger], {
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: import.meta.dirname,
  });
  // It may come too late, and not get it.
  await Promise.race([once(createInterface({ input: child.stdout }), 'line'), once(child, 'exit')]);
}
