import { closeSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isatty } from 'node:tty';
import { systemCode } from '../../errors.ts';

/** Bit of SIGHUP, signal 1, in the masks of /proc/PID/status. */
const HANGUP_BIT = 1n;

/**
 * Whether this process is in the foreground of its terminal. Then the terminal gives Ctrl-C and Ctrl-\ to the whole
 * group, nextflow included. proc(5), /proc/PID/stat: field 5 is the process group, field 8 the terminal's foreground
 * one, -1 without a terminal.
 */
export function inForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // The second field, the program's name in parentheses, may itself hold blanks.
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return fields[2] !== undefined && fields[2] === fields[5];
}

/**
 * Whether whoever started us had SIGHUP ignored, as nohup does. Node sets every signal back to its default before any
 * code of ours runs, so what is left to see is the parent that passed it on, and the command that the shell started.
 */
export function hangupIsIgnored(env: Readonly<Record<string, string | undefined>>): boolean {
  return basename(env['_'] ?? '') === 'nohup' || (ignoredBy(process.ppid) & HANGUP_BIT) !== 0n;
}

/**
 * Keeps Node from setting the terminal back to what it was when we started, as it does last of all: in the background
 * that spoils the terminal for the program in front, and when the terminal has gone Node aborts over it. So at the very
 * end, when all is said, the terminal is closed.
 */
export function leaveTerminalAsItIs(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd)); // asked now: one that has gone is none any more
  process.on('exit', () => {
    for (const fd of terminals) closeSync(fd);
  });
}

function ignoredBy(pid: number): bigint {
  let status;
  try {
    status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(systemCode(error) ?? '')) return 0n; // it has ended, or is hidden
    throw error;
  }
  const mask = /^SigIgn:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return BigInt(`0x${mask}`);
}
