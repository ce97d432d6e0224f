import { spawnSync } from 'node:child_process';

/** Used instead of the user's PATH: programs that decide about trust must come from trusted directories. */
export const SYSTEM_PATH = '/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin';

/**
 * Returns the standard output of a program of the system. Undefined if it is missing, fails, or does not end within `limitMs`.
 * `input`: a descriptor that becomes its standard input. Uses node:child_process, because every command verifies its
 * directories and would pay for loading execa: docs/dependencies.md, "Start cost".
 */
export function outputOf(
  program: string,
  args: readonly string[],
  { input, limitMs, path = SYSTEM_PATH }: { input?: number; limitMs: number; path?: string },
): string | undefined {
  const { status, stdout } = spawnSync(program, args, {
    env: { PATH: path, LC_ALL: 'C' },
    stdio: [input ?? 'ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: limitMs,
  });
  return status === 0 ? stdout : undefined;
}
