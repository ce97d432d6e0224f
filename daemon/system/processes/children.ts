import { readFileSync } from 'node:fs';

/**
 * Returns the pids of the processes that a process started and that have not been waited for. Empty if there are none, or
 * on a kernel without CONFIG_PROC_CHILDREN: proc(5), /proc/PID/task/TID/children.
 */
export function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'latin1').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  } catch {
    return []; // ended
  }
}
