// The kinds of faults, injected by the daemon that reaches a point.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { serverSteps, steps, type FaultPoint } from '../../../daemon/system/steps.ts';

import { isOfTeam, type StoreName } from './cell.ts';

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
  'expired credentials',
  'kill -9 replica',
  'paused replica',
] as const;
export type Kind = (typeof kinds)[number];

export function isKind(text: string): text is Kind {
  return (kinds as readonly string[]).includes(text);
}

/** The AWS operations that can take effect after their sender has died. */
const LATE: Readonly<Partial<Record<FaultPoint, string>>> = {
  'before object.create': 'secretsmanager:CreateSecret',
  'before switch.create': 'scheduler:CreateSchedule',
  'before delivery.place': 'secretsmanager:CreateSecret',
};

/** Points before requests to AWS. */
const TO_AWS =
  /^before (object\.(create|describe|delete)|switch\.(create|find|delete)|definitions\.(find|deregister)|delivery\.(place|remove|inspect))$/;

/** Returns the AWS operation that the daemon or a replica requests at this point. */
export function requestAt(point: FaultPoint): string | undefined {
  return LATE[point];
}

/** Returns whether a point is one of a team server. */
export function isOfServer(point: FaultPoint): boolean {
  return (serverSteps as readonly string[]).includes(point.split(' ')[1] ?? '');
}

/** Points of the daemon between which it depends on a team server. */
const OF_RELEASE = / (secrets|release|report|held)\./;

/**
 * Returns whether a kind of fault applies to a point of a store. A failure after a step is a lost reply. Only requests to AWS and
 * submissions to a scheduler can be carried out late.
 */
export function happensAt(kind: Kind, point: FaultPoint, store: StoreName): boolean {
  if (kind === 'expired credentials') return TO_AWS.test(point) && (isOfServer(point) || !isOfTeam(store));
  if (kind === 'carried out late' && isOfServer(point)) return requestAt(point) !== undefined;
  if (isOfServer(point) || kind.endsWith(' replica')) return isOfServer(point) && kind.endsWith(' replica');
  // With other stores, all faults are injected at the points that do not concern a server.
  if (isOfTeam(store) && !OF_RELEASE.test(point) && kind !== 'kill -9 daemon') return false;
  if (kind === 'reply lost') return point.startsWith('after ');
  if (kind === 'I/O error') return point.startsWith('before ');
  if (kind === 'carried out late') return requestAt(point) !== undefined || point === 'before job.submit';
  return true;
}

/** Duration of a pause: the other replica serves requests meanwhile. */
const PAUSED_MS = 2000;
/** Duration of a full or read-only disk, and of most ledger locks. */
const LASTING_MS = 700;
/** Longer than the ledger's busy timeout (daemon/ledger/sqlite/open.ts), so that writes fail. */
const LOCKED_LONG_MS = 6000;

/** Returns the duration of a ledger lock: long at every fifth point, alternately before and after a step. */
function lockedMs(point: FaultPoint): number {
  const [when = '', name = ''] = point.split(' ');
  const index = (steps as readonly string[]).indexOf(name) * 2 + (when === 'after' ? 1 : 0);
  return index % 5 === 0 ? LOCKED_LONG_MS : LASTING_MS;
}

const DAY_MS = 24 * 3600 * 1000;
/** Steps that write to a local disk. */
const LOCAL =
  /^before (run\.record|lease\.record|lease\.note|head\.record|records\.|job\.(write|intend|record)|directory\.|fence\.|remove\.|orphans\.record|prune\.|release\.record|report\.(queue|record))/;

/** Makes local steps fail for some time, like a full or read-only disk. */
function failFor(code: 'ENOSPC' | 'EROFS'): Error {
  lasting = { until: performance.now() + LASTING_MS, code };
  return failure(code);
}

let lasting: { readonly until: number; readonly code: string } | undefined;

/** Returns the error of a step while the disk is full or read-only. */
export function errorNow(point: FaultPoint): Error | undefined {
  if (lasting === undefined || performance.now() > lasting.until || !LOCAL.test(point)) return undefined;
  return failure(lasting.code);
}

function failure(code: string): Error {
  return Object.assign(new Error('injected fault'), { code });
}

/**
 * Injects a fault and records its lasting effects in `directory`: clock, boot id, killed processes. Returns false when it
 * did not happen, because there was no process to kill or the ledger could not be locked. Some faults throw; others never
 * return.
 */
export async function doFault(kind: Kind, point: FaultPoint, directory: string): Promise<boolean> {
  switch (kind) {
    case 'kill -9 daemon':
    case 'kill -9 replica':
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
      // A run that starts later would record the real boot id. If nothing was killed and no run is recorded yet, the
      // fault is moot.
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
    case 'paused replica':
      pauseSelf();
      return true;
    case 'expired credentials':
      writeFileSync(join(directory, 'expire'), '');
      await waitFor(join(directory, 'expired')); // the proxy in front of AWS rejects the credentials for some time from now on
      return true;
    case 'carried out late':
      if (point.endsWith('job.submit')) {
        // The fake sbatch submits the job after this process has died.
        writeFileSync(join(directory, 'late-job'), String(process.pid));
        killSelfWhen(() => existsSync(join(directory, 'late-job.ready')));
      } else killSelfWhen(() => existsSync(join(directory, 'held'))); // the proxy in front of AWS has the request, and delays it
      return true;
  }
}

/** Returns whether the run of this cell is recorded. Then it cannot start after all its processes were killed. */
function hasBegun(directory: string): boolean {
  return readFileSync(join(directory, 'points'), 'utf8').includes('after run.record\n');
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function waitFor(file: string): Promise<void> {
  while (!existsSync(file)) await sleep(20);
}

/** Stops this process, and continues it later from another one. */
function pauseSelf(): void {
  const script = `sleep ${String(PAUSED_MS / 1000)}; kill -CONT ${String(process.pid)}`;
  spawn('/bin/sh', ['-c', script], { detached: true, stdio: 'ignore', cwd: '/' }).unref();
  process.kill(process.pid, 'SIGSTOP');
}

/** Kills this process when a condition holds, or after ten seconds. */
function killSelfWhen(holds: () => boolean): void {
  const deadline = performance.now() + 10_000;
  setInterval(() => {
    if (holds() || performance.now() > deadline) killSelf();
  }, 20);
}

const RealDate = Date;

/** Shifts the clock of this process and of later ones. */
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
  /** PID of its parent. */
  readonly parent: number;
  readonly command: string;
  /** Its working directory. */
  readonly directory: string;
}

/** Matches the fake Nextflow or the JVM of the real one, but not `nextflow config`. */
export const isHead = ({ command }: Running): boolean =>
  /^\S*bash \S*\/nextflow (.* )?run /.test(command) ||
  /^\S*java .*\bnextflow\.cli\.Launcher (.* )?run /.test(command);
export const isShim = ({ command }: Running): boolean => /^\S*sh \S*\/runs\/\w+\/shim /.test(command);
export const isCli = ({ command }: Running): boolean =>
  / run( |$)/.test(command) && /\/(program\.js|faults\.entry\.cjs|chaos\.entry\.cjs) /.test(command);

/** Kills processes in the directory of this cell, records whether a head or a shim was among them, and returns the number. */
function kill(which: (process: Running) => boolean, directory: string): number {
  const box = join(process.env['NF_ESCROW_HOME'] ?? '', '..');
  let killed = 0;
  // Repeated until none is left, because a process may start another one while it is killed.
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
        continue; // already ended
      }
  }
}

/**
 * Kills a process, and for a head also its children: the fake Nextflow runs its script in a child, which would continue,
 * whereas the threads of a real one end with it. Stops the process first, so that it starts no further child.
 */
function killWhole(one: Running, box: string): void {
  process.kill(one.pid, 'SIGSTOP');
  const own = isHead(one) ? processesIn(box).filter(({ parent }) => parent === one.pid) : [];
  process.kill(one.pid, 'SIGKILL');
  for (const { pid } of own)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      continue; // already ended
    }
}

/** Returns the processes whose working directory is in a directory. */
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
      return []; // ended, or another user's
    }
  });
}

/**
 * Fills the small disk of the state directory for some time. The process that empties it outlives this one, even if this
 * one is killed first.
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

/** Locks the ledger in another process for some time. Returns false when that process cannot get the lock. */
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
