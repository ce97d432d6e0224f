import { readFileSync } from 'node:fs';

/**
 * The seconds of processor time after which the kernel ends a process of ours, as sites have it on login nodes (ulimit -t,
 * limits.conf(5)); undefined where there is no end. proc(5), /proc/PID/limits: the soft limit, then the hard one.
 */
export function cpuLimitSeconds(limits = readFileSync('/proc/self/limits', 'latin1')): number | undefined {
  const soft = /^Max cpu time +(\S+)/m.exec(limits)?.[1];
  return soft !== undefined && /^[0-9]+$/.test(soft) ? Number(soft) : undefined;
}
