import { readFileSync } from 'node:fs';

/**
 * Returns the soft limit of CPU seconds of this process, which sites set on login nodes (ulimit -t, limits.conf(5));
 * undefined when there is none. Format: proc(5), /proc/PID/limits, soft limit before hard limit.
 */
export function cpuLimitSeconds(limits = readFileSync('/proc/self/limits', 'latin1')): number | undefined {
  const soft = /^Max cpu time +(\S+)/m.exec(limits)?.[1];
  return soft !== undefined && /^[0-9]+$/.test(soft) ? Number(soft) : undefined;
}
