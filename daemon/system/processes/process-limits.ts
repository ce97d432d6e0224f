import { cpuLimitSeconds } from './cpu-limit.ts';
import { killsAtLogout, logindPaths, type LogindPaths } from './logind.ts';
import { ownAccount } from './own-account.ts';

/**
 * Returns clauses ("ends processes after ...") that name what ends long-lived processes of this user on this host; empty
 * when nothing is known. Site-specific programs that kill processes cannot be detected.
 */
export function processLimits(
  { atLogout }: { readonly atLogout: boolean },
  places: LogindPaths = logindPaths,
  cpuSeconds = cpuLimitSeconds(),
): string[] {
  return [
    ...(cpuSeconds === undefined
      ? []
      : [`ends processes after ${String(cpuSeconds)} s of processor time (ulimit -t)`]),
    ...(atLogout && killsAtLogout(ownAccount().username, places)
      ? ['ends all processes of a session at logout (KillUserProcesses of systemd)']
      : []),
  ];
}
