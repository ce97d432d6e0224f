import { readFileSync, readdirSync } from 'node:fs';

/** Process names of the cron daemons of Linux distributions. systemd-cron runs crontabs as units of systemd. */
const NAMES: readonly string[] = ['cron', 'crond', 'fcron', 'dcron', 'bcron-sched', 'cronie'];

/**
 * Returns whether a cron daemon runs on this host, or undefined if the processes of other users are hidden (proc(5), hidepid).
 * `proc`: a test's own directory instead of /proc.
 */
export function isCronRunning(proc = '/proc'): boolean | undefined {
  const pids = readdirSync(proc).filter((name) => /^[0-9]+$/.test(name));
  if (pids.some((pid) => NAMES.includes(nameOf(proc, pid) ?? ''))) return true;
  return nameOf(proc, '1') === undefined ? undefined : false;
}

function nameOf(proc: string, pid: string): string | undefined {
  try {
    return readFileSync(`${proc}/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined; // the process has ended, or is hidden
  }
}
