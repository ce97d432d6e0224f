import { execa } from 'execa';
import { findProgram } from '../../system/files/find-program.ts';
import { write } from './output.ts';
import { inForeground } from './terminal.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The shell's exit statuses for a command that cannot be executed or is not found. */
const NOT_STARTED = [126, 127];

/** Shows an escaped text in the pager. Prints it if there is no pager, or if nobody could operate it in the background. */
export async function showInPager(text: string): Promise<void> {
  const pager = findPager(process.env);
  if (pager === undefined || !inForeground() || !(await runPager(pager, text))) write(text);
}

/**
 * Returns the shell command of the pager: NF_ESCROW_PAGER, PAGER, or less if it is installed. Undefined if the variable is
 * empty or `cat`, or the terminal cannot move its cursor.
 */
export function findPager(env: Environment): string | undefined {
  if ((env['TERM'] ?? 'dumb') === 'dumb') return undefined;
  const wanted = env['NF_ESCROW_PAGER'] ?? env['PAGER'];
  if (wanted === undefined) return findProgram('less', env['PATH']) === undefined ? undefined : 'less';
  return ['', 'cat'].includes(wanted.trim()) ? undefined : wanted;
}

/** Shows a text in the pager until the user leaves it. Returns false if the pager could not be started. */
async function runPager(command: string, text: string): Promise<boolean> {
  // Ctrl-C is the pager's. If it ended nf-escrow, the pager would be left without its terminal.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const { exitCode } = await execa('/bin/sh', ['-c', command], {
      input: text,
      stdout: 'inherit',
      stderr: 'inherit',
      // As git and GitHub CLI: leave a short text on the screen, show colours, do not clear the screen.
      env: { LESS: process.env['LESS'] ?? 'FRX', LV: process.env['LV'] ?? '-c' },
      reject: false, // a pager that the user leaves early fails with EPIPE
    });
    return exitCode === undefined || !NOT_STARTED.includes(exitCode);
  } finally {
    process.off('SIGINT', ignore);
  }
}
