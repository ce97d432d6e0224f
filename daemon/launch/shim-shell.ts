import { existsSync } from 'node:fs';
import type { RunStart } from '../contract/types.ts';
import { withIgnoredSignals } from '../system/processes/ignored-signals.ts';

/**
 * Returns the command line that starts the shim. The shim runs in bash if available: dash drops variables whose names are no
 * identifiers, and with them the functions that bash exports, such as `module` on most clusters.
 */
export function shimCommand(
  { command, arguments: args }: NonNullable<RunStart['start']>,
  ignored: readonly NodeJS.Signals[] = [],
): { command: string; args: string[] } {
  const shell = findShell();
  const [first, ...rest] = withIgnoredSignals(shell, [...shell, command, ...args], ignored);
  return { command: first, args: rest };
}

/**
 * Returns the command line of bash, or where there is none of the POSIX shell. With -p, bash neither runs BASH_ENV nor
 * defines the caller's functions, which could replace commands of a script. It passes both on unchanged.
 */
export function findShell(): [string, ...string[]] {
  const bash = ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path));
  return bash === undefined ? ['/bin/sh'] : [bash, '-p'];
}
