import { closeSync, readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

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
 * Prevents Node from resetting the terminal modes when it exits. In the background, the reset would change the terminal of the
 * foreground program; on a closed terminal, Node would abort. Closing the terminal on exit prevents both.
 */
export function leaveTerminalAsItIs(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd)); // now: a closed terminal is no longer a TTY
  process.on('exit', () => {
    for (const fd of terminals) closeSync(fd);
  });
}
