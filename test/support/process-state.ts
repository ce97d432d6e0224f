import { readFileSync } from 'node:fs';

/** Returns the state of a process: proc(5), field 3 of /proc/PID/stat. Undefined if it has ended. */
export function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(') ') + 2)[0];
  } catch {
    return undefined;
  }
}
