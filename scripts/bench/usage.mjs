// Memory and processor time of a process.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** USER_HZ, the unit of the times in /proc/PID/stat on all Linux platforms that Node supports. */
const TICKS = 100;

/** Returns the resident memory of a process in MB, and its share of a core within the next milliseconds in percent. */
export async function usage(pid, milliseconds) {
  const before = ticksOf(pid);
  const begun = performance.now();
  await sleep(milliseconds);
  const seconds = (performance.now() - begun) / 1000;
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
  return { megabytes: rss / 1024, percent: ((ticksOf(pid) - before) / TICKS / seconds) * 100 };
}

function ticksOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
