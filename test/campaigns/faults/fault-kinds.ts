// What can happen at a point, done from within the daemon that has reached it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { steps, type FaultPoint } from '../../../daemon/system/steps.ts';

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

/** What asks somebody else for something, who may do it once who asked is dead; as AWS names it. */
const LATE: Readonly<Partial<Record<FaultPoint, string>>> = {
  'before object.create': 'secretsmanager:CreateSecret',
  'before switch.create': 'scheduler:CreateSchedule',
};

/** The request to AWS that is made at this point. */
export function requestAt(point: FaultPoint): string | undefined {
  return LATE[point];
}

/**
 * After a step its failing is a lost reply: it was carried out. What is carried out late is a call to AWS, or what a
 * scheduler is given.
 */
export function happensAt(kind: Kind, point: FaultPoint): boolean {
  if (kind === 'reply lost') return point.startsWith('after ');
  if (kind === 'I/O error') return point.startsWith('before ');
  if (kind === 'carried out late') return requestAt(point) !== undefined || point === 'before job.submit';
  return true;
}

/** How long a disk stays full, or read-only, and a ledger locked at most points. */
const LASTING_MS = 700;
/** Longer than the ledger waits for a lock (daemon/ledger/open.ts): what was to be written there fails. */
const LOCKED_LONG_MS = 6000;

/** At every fifth point for long, which has befores and afters in turn: each such cell costs that time. */
function lockedMs(point: FaultPoint): number {
  const [when = '', name = ''] = point.split(' ');
  const index = (steps as readonly string[]).indexOf(name) * 2 + (when === 'after' ? 1 : 0);
  return index % 5 === 0 ? LOCKED_LONG_MS : LASTING_MS;
}

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

/**
 * Does it, and says in `directory` what else is to be known of it: the clock, the boot, whom it killed. False where it did
 * not happen: there was nothing of the kind to kill, or the ledger's lock was not to be had. Some throw; others never
 * return.
 */
export async function doFault(kind: Kind, point: FaultPoint, directory: string): Promise<boolean> {
  switch (kind) {
    case 'kill -9 daemon':
      killSelf();
      return true;
    case 'kill -9 head':
      return kill(isHead, directory) > 0;
    case 'kill -9 shim':
      return kill(isShim, directory) > 0;
    case 'kill -9 CLI':
      return kill(isCli, directory) > 0;
    case 'kill -9 all':
      kill((process) => isShim(process) || isHead(process) || isCli(process), directory);
      killSelf();
      return true;
    case 'reboot':
      // A run that begins later would tell of this machine's boot, and the daemon of another: then nothing but it ends.
      if (kill(() => true, directory) > 0 || hasBegun(directory))
        writeFileSync(join(directory, 'boot'), `${randomUUID()}\n`);
      else writeFileSync(join(directory, 'moot'), '');
      killSelf();
      return true;
    case 'disk full':
      if (process.env['FAULT_DISK'] === undefined) throw failFor('ENOSPC');
      await fillDisk(process.env['FAULT_DISK']);
      return true;
    case 'read-only':
      throw failFor('EROFS');
    case 'I/O error':
    case 'reply lost':
      throw failure('EIO');
    case 'clock +1 day':
      shiftClock(directory, DAY_MS);
      return true;
    case 'clock -1 day':
      shiftClock(directory, -DAY_MS);
      return true;
    case 'ledger locked':
      return lockLedger(lockedMs(point));
    case 'carried out late':
      // The stand-in for a scheduler submits for whom it finds dead; that for AWS was told by the cell.
      if (point.endsWith('job.submit')) writeFileSync(join(directory, 'late-job'), String(process.pid));
      setTimeout(killSelf, point.endsWith('job.submit') ? 400 : 150); // the request is under way by then, and held back
      return true;
  }
}

/** The run of this cell is known: nothing of it begins once all that lives is killed. */
function hasBegun(directory: string): boolean {
  return readFileSync(join(directory, 'points'), 'utf8').includes('after run.record\n');
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
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
  /** Pid of who started it. */
  readonly parent: number;
  readonly command: string;
  /** Where it works. */
  readonly directory: string;
}

/** The stand-in; or Nextflow, whose script becomes a Java. Neither asks for the configuration alone. */
export const isHead = ({ command }: Running): boolean =>
  /^\S*bash \S*\/nextflow (.* )?run /.test(command) ||
  /^\S*java .*\bnextflow\.cli\.Launcher (.* )?run /.test(command);
export const isShim = ({ command }: Running): boolean => /^\S*sh \S*\/runs\/\w+\/shim /.test(command);
export const isCli = ({ command }: Running): boolean =>
  / run( |$)/.test(command) && / \S*\/program\.js /.test(command);

/** Ends processes of this cell, told by their directory; gives how many, and notes whether a head or a shim was one. */
function kill(which: (process: Running) => boolean, directory: string): number {
  const box = join(process.env['NF_ESCROW_HOME'] ?? '', '..');
  let killed = 0;
  // Again, until there is none: who starts another process as it is killed leaves that behind.
  for (;;) {
    const found = processesIn(box).filter((one) => one.pid !== process.pid && which(one));
    if (found.length === 0) return killed;
    for (const one of found)
      try {
        killWhole(one, box);
        killed += 1;
        if (isHead(one)) writeFileSync(join(directory, 'killed-head'), '');
        if (isShim(one)) writeFileSync(join(directory, 'killed-shim'), '');
      } catch {
        continue; // ended meanwhile
      }
  }
}

/**
 * A head with what it runs: with a real one its threads end, and the script of the stand-in is a process of its own, which
 * would go on and write. Stopped first, so that it starts nothing meanwhile.
 */
function killWhole(one: Running, box: string): void {
  process.kill(one.pid, 'SIGSTOP');
  const own = isHead(one) ? processesIn(box).filter(({ parent }) => parent === one.pid) : [];
  process.kill(one.pid, 'SIGKILL');
  for (const { pid } of own)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      continue; // ended meanwhile
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
      if (command === '') return []; // a zombie
      const parent = /\) \S (\d+) [^)]*$/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]; // proc(5)
      return [{ pid: Number(name), parent: Number(parent), command, directory: place }];
    } catch {
      return []; // ended meanwhile, or not ours
    }
  });
}

/**
 * The state directory lies on a small disk of its own: it is full, for a while. Who empties it outlives us, also where we are
 * killed before we are told.
 */
async function fillDisk(disk: string): Promise<void> {
  const script = `trap '' PIPE; dd if=/dev/zero of="$1" bs=64k; echo full; exec >&-; sleep ${String(LASTING_MS / 1000)}; rm -f "$1"`;
  const child = spawn('/bin/sh', ['-c', script, 'sh', join(disk, 'filler')], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: '/',
  });
  await once(createInterface({ input: child.stdout }), 'line');
}

/** Another process has the ledger, for a while. False where it never got it. */
async function lockLedger(ms: number): Promise<boolean> {
  const ledger = join(process.env['NF_ESCROW_HOME'] ?? '', 'ledger.db');
  const script = `import Database from 'libsql';
    const database = new Database(process.argv[1], { timeout: 3000 });
    database.exec('BEGIN IMMEDIATE');
    console.log('locked');
    setTimeout(() => database.exec('ROLLBACK'), ${String(ms)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, ledger], {
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: import.meta.dirname,
  });
  return Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
}
