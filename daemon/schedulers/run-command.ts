import { execa } from 'execa';
import { schedulerUnavailable, type CommandResult, type RunCommand } from './command.ts';
import { isCommandDefault } from './environment.ts';

/** Slurm's own commands give up after a minute or so without a controller. */
const LIMIT_MS = 60_000;
/** A user may have tens of thousands of jobs. */
const OUTPUT_MAX = 64 * 1024 * 1024;

/**
 * Runs a command for real. The commands speak English, and see of our environment what tells where the scheduler is, but
 * no defaults that someone set for jobs of their own. Throws `scheduler-unavailable` when it could not be started, or
 * took too long.
 */
export const runCommand: RunCommand = (command, args, variables) =>
  execute(LIMIT_MS, command, args, variables);

/** The same for someone who waits for the answer, and would sooner hear that there is none. */
export function runCommandWithin(limitMs: number): RunCommand {
  return (command, args, variables) => execute(limitMs, command, args, variables);
}

async function execute(
  limitMs: number,
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const { exitCode, stdout, stderr, timedOut, isMaxBuffer, code } = await execa(command, [...args], {
    env: { ...environment(), ...variables },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: limitMs,
    forceKillAfterDelay: 1000,
    maxBuffer: OUTPUT_MAX,
  });
  if (timedOut) throw schedulerUnavailable(command, `it did not answer within ${String(limitMs / 1000)} s`);
  if (isMaxBuffer) throw schedulerUnavailable(command, 'it answers without end');
  if (exitCode === undefined)
    throw schedulerUnavailable(command, code === 'ENOENT' ? 'it is not on PATH' : (code ?? 'it was killed'));
  return { status: exitCode, stdout, stderr };
}

/** NODE_OPTIONS and the like were set for this process: a command that is itself a Node program must not see them. */
function environment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env);
  const kept = entries.filter(([name]) => !name.startsWith('NODE_') && !isCommandDefault(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}
