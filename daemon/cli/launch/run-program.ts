import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isIgnored, withIgnoredSignals } from '../../system/processes/ignored-signals.ts';
import { FORWARDED } from './forwarded-signals.ts';
import { findShell } from '../../launch/shim-shell.ts';

/**
 * Runs a program with this process's terminal, directory and environment. Returns its exit status as a shell reports it. Uses
 * node:child_process for a fast start, like runInForeground.
 */
export async function runProgram(program: string, args: readonly string[]): Promise<number> {
  const [command, ...rest] = withIgnoredSignals(findShell(), [program, ...args]);
  // process.cwd() throws a clear error where the directory was deleted. Without it, each shell would print a different message.
  const child = spawn(command, rest, { cwd: process.cwd(), stdio: 'inherit' });
  for (const name of FORWARDED) if (!isIgnored(name)) process.on(name, () => child.kill(name));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}
