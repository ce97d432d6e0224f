import { schedulerUnavailable, type CommandResult, type RunCommand } from './command.ts';
import { isCommandDefault } from './environment.ts';

/** Time limit. Slurm's own commands give up after about a minute without a controller. */
const LIMIT_MS = 60_000;
/** Output limit. A user may have tens of thousands of jobs. */
const OUTPUT_MAX = 64 * 1024 * 1024;

/**
 * Executes a command in the C locale. Its environment contains the variables that locate the scheduler, but not the user's
 * defaults for their own jobs. Throws `scheduler-unavailable` if it cannot be started or exceeds the time limit.
 */
export const runCommand: RunCommand = (command, args, variables) =>
  execute(LIMIT_MS, command, args, variables);

/** Returns a `RunCommand` with another time limit, for callers that need an answer soon. */
export function runCommandWithin(limitMs: number): RunCommand {
  return (command, args, variables) => execute(limitMs, command, args, variables);
}

async function execute(
  limitMs: number,
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const { execa } = await import('execa');
  const { exitCode, stdout, stderr, timedOut, isMaxBuffer, code } = await execa(command, [...args], {
    env: { ...environment(), ...variables },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: limitMs,
    forceKillAfterDelay: 1000,
    maxBuffer: OUTPUT_MAX,
  });
  if (timedOut) throw schedulerUnavailable(command, `no response within ${String(limitMs / 1000)} s`);
  if (isMaxBuffer) throw schedulerUnavailable(command, 'its output is too long');
  if (exitCode === undefined)
    throw schedulerUnavailable(command, code === 'ENOENT' ? 'it is not on PATH' : (code ?? 'it was killed'));
  return { status: exitCode, stdout, stderr };
}

/** Returns the environment of a command without NODE_OPTIONS and similar variables, which were set for this process. */
function environment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env);
  const kept = entries.filter(([name]) => !name.startsWith('NODE_') && !isCommandDefault(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}
