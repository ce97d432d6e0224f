import { existsSync } from 'node:fs';
import type { RunStart } from '../../contract/types.ts';

/**
 * Returns the command line that starts the shim. The shim runs in bash if available: dash drops variables whose names are no
 * identifiers, and with them the functions that bash exports, such as `module` on most clusters. Node resets signals to their
 * defaults in child processes, so the shell sets SIGHUP to ignored again.
 */
export function shimCommand(
  { command, arguments: args }: NonNullable<RunStart['start']>,
  ignoreHangup: boolean,
): { command: string; args: string[] } {
  const shell = ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path)) ?? '/bin/sh';
  const prepared = ignoreHangup ? ['-c', `trap '' HUP; exec "$@"`, shell, shell] : [];
  return { command: shell, args: [...prepared, command, ...args] };
}
