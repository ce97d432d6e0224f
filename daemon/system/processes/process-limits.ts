import { userInfo } from 'node:os';
import { cpuLimitSeconds } from './cpu-limit.ts';
import { killsAtLogout, logindPaths, type LogindPaths } from './logind.ts';

/**
 * What on this host ends long-lived processes of this user, as clauses; empty where nothing is known to. Some sites have
 * programs of their own for that, which nobody can ask.
 */
export function processLimits(
  { atLogout }: { readonly atLogout: boolean },
  places: LogindPaths = logindPaths,
  cpuSeconds = cpuLimitSeconds(),
): string[] {
  return [
    ...(cpuSeconds === undefined
      ? []
      : [`ends a process after ${String(cpuSeconds)} s of processor time (ulimit -t)`]),
    ...(atLogout && killsAtLogout(userInfo().username, places)
      ? ['ends all processes of a session at logout (KillUserProcesses of systemd)']
      : []),
  ];
}
