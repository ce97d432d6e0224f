import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Process } from '../../contract/types.ts';
import { systemCode } from '../../errors.ts';

/** The liveness of a process as seen from here. `unknown`: the process is on another host or in another PID namespace. */
export type Liveness = 'alive' | 'ended' | 'unknown';

/** Returns the identity of a running process; undefined when no process has this PID. See proc(5), /proc/PID/stat. */
export function identify(pid: number | 'self'): Process | undefined {
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  return {
    host: hostname(),
    bootId: bootId(),
    pidNamespace: namespaceOf(pid),
    pid: stat.pid,
    startTime: stat.startTime,
  };
}

/** Returns the pid of a process's parent. Undefined when no process has this PID. */
export function parentOf(pid: number): number | undefined {
  return readStat(pid)?.parent;
}

/** Returns the identity of this process. */
export function identifySelf(): Process {
  const self = identify('self');
  if (self === undefined) throw new Error('/proc is not mounted');
  return self;
}

/** Returns whether the identified process still runs. A zombie counts as ended: it cannot run again. */
export function liveness(identity: Process): Liveness {
  if (identity.host !== hostname()) return 'unknown';
  if (identity.bootId !== bootId()) return 'ended';
  if (identity.pidNamespace !== namespaceOf('self')) return 'unknown';
  const stat = readStat(identity.pid);
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return 'ended';
  return stat.startTime === identity.startTime ? 'alive' : 'ended';
}

/** Signals the identified process. Returns false when it has ended or its liveness is unknown. */
export function signal(identity: Process, name: NodeJS.Signals): boolean {
  if (liveness(identity) !== 'alive') return false;
  try {
    return process.kill(identity.pid, name);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly startTime: string;
}

function readStat(pid: number | 'self'): Stat | undefined {
  const text = readProc(`/proc/${String(pid)}/stat`);
  if (text === undefined) return undefined;
  // The second field, the command name in parentheses, may itself contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
  const [state, parent, startTime] = [fields[0], fields[1], fields[19]];
  if (state === undefined || startTime === undefined) return undefined;
  return { pid: Number.parseInt(text, 10), state, parent: Number(parent), startTime };
}

function namespaceOf(pid: number | 'self'): string {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/pid`);
  } catch {
    return ''; // another user's process, which never equals one of this user
  }
}

let ownBootId: string | undefined;

/** Returns the kernel's boot id; empty when /proc does not provide it. Read once: no process outlives its kernel. */
export function bootId(): string {
  return (ownBootId ??= readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? '');
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined;
    throw error;
  }
}
