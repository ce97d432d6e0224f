import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the state of a process: proc(5), field 3 of /proc/PID/stat. Undefined if it has ended. */
export function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(') ') + 2)[0];
  } catch {
    return undefined;
  }
}

/** Returns the number of open sockets of a process, besides those that a test gives it as its input and output. */
export function openSockets(pid: number): number {
  const directory = `/proc/${String(pid)}/fd`;
  return readdirSync(directory).filter((fd) => {
    try {
      return Number(fd) > 2 && readlinkSync(join(directory, fd)).startsWith('socket:');
    } catch {
      return false; // closed in the meantime
    }
  }).length;
}
