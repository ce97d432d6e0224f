import { closeSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isatty } from 'node:tty';
import { systemCode } from '../../errors.ts';

/** Bit of SIGHUP, signal 1, in the masks of /proc/PID/status. */
const HANGUP_BIT = 1n;

/**
 * Returns whether this process is in the foreground of its terminal. If so, the terminal sends Ctrl-C and Ctrl-\ to the whole
 * process group, including nextflow. proc(5), /proc/PID/stat: field 5 is the process group, field 8 the terminal's
 * foreground process group, -1 without a terminal.
 */
export function inForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // The second field, the program's name in parentheses, may contain blanks.
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return fields[2] !== undefined && fields[2] === fields[5];
}

/**
 * Returns whether the caller ignores SIGHUP, for example through nohup. Node resets every signal to its default before any of
 * our code runs, so this checks the parent process and the command that the shell started.
 */
export function hangupIsIgnored(env: Readonly<Record<string, string | undefined>>): boolean {
  return basename(env['_'] ?? '') === 'nohup' || (ignoredBy(process.ppid) & HANGUP_BIT) !== 0n;
}

/**
 * Prevents Node from resetting the terminal modes when it exits. In the background, the reset would change the terminal of the
 * foreground program; on a closed terminal, Node would abort. Closing the terminal on exit prevents both.
 */
export function leaveTerminalAsItIs(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd)); // now: a closed terminal is no longer a TTY
  process.on('exit', () => {
    for (const fd of terminals) closeSync(fd);
  });
}

function ignoredBy(pid: number): bigint {
  let status;
  try {
    status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(systemCode(error) ?? '')) return 0n; // it has ended or is not visible
    throw error;
  }
  const mask = /^SigIgn:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return BigInt(`0x${mask}`);
}
