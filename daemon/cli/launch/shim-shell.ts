import { existsSync } from 'node:fs';
import type { RunStart } from '../../contract/types.ts';

/**
 * dash drops variables whose names it does not understand, and so the functions that bash exports (`module` on most
 * clusters); bash keeps them. So the shim runs in bash where there is one. What Node starts ignores no signal; only a
 * shell can set that again.
 */
export function shimCommand(
  { command, arguments: args }: NonNullable<RunStart['start']>,
  ignoreHangup: boolean,
): { command: string; args: string[] } {
  const shell = ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path)) ?? '/bin/sh';
  const prepared = ignoreHangup ? ['-c', `trap '' HUP; exec "$@"`, shell, shell] : [];
  return { command: shell, args: [...prepared, command, ...args] };
}
