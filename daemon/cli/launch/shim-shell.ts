import { existsSync } from 'node:fs';
import type { RunStart } from '../../contract/types.ts';
import { withIgnoredSignals } from '../../system/processes/ignored-signals.ts';

/**
 * Returns the command line that starts the shim. The shim runs in bash if available: dash drops variables whose names are no
 * identifiers, and with them the functions that bash exports, such as `module` on most clusters.
 */
export function shimCommand(
  { command, arguments: args }: NonNullable<RunStart['start']>,
  ignored: readonly NodeJS.Signals[] = [],
): { command: string; args: string[] } {
  const shell = findShell();
  const [first, ...rest] = withIgnoredSignals(shell, [shell, command, ...args], ignored);
  return { command: first, args: rest };
}

/** Bash, or where there is none the POSIX shell. */
export function findShell(): string {
  return ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path)) ?? '/bin/sh';
}
