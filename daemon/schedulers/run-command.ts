import { execa } from 'execa';
import { EscrowError } from '../errors.ts';

/** What came of one of a scheduler's commands. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a scheduler's command and waits for its end; a test may stand between. */
export type RunCommand = (command: string, args: readonly string[]) => Promise<CommandResult>;

/** Slurm's own commands give up after a minute or so without a controller. */
const LIMIT_MS = 60_000;
/** A user may have tens of thousands of jobs. */
const OUTPUT_MAX = 64 * 1024 * 1024;

/** Variables that change what a scheduler's command does or prints, set by the user for their own use or by a job. */
const NOT_OURS =
  /^(SBATCH_|SQUEUE_|SCANCEL_|SACCT_|SLURM_(?!CONF$)|PBS_(?!CONF_FILE$|SERVER$)|LSB_(?!SHAREDIR$)|NODE_)/;

/**
 * Asks for real. The commands speak English, and see of our environment what tells where the scheduler is, but no
 * defaults that someone set for jobs of their own. Throws `scheduler-unavailable` when it could not be started, or took
 * too long.
 */
export const runCommand: RunCommand = (command, args) => execute(LIMIT_MS, command, args);

/** Of someone who waits for the answer, and would sooner hear that there is none. */
export function runCommandWithin(limitMs: number): RunCommand {
  return (command, args) => execute(limitMs, command, args);
}

async function execute(limitMs: number, command: string, args: readonly string[]): Promise<CommandResult> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_OURS.test(name)));
  const { exitCode, stdout, stderr, timedOut, isMaxBuffer, code } = await execa(command, [...args], {
    env: { ...env, LC_ALL: 'C' },
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

/** Nothing is known of any job now. */
export function schedulerUnavailable(command: string, why: string): EscrowError {
  return new EscrowError('scheduler-unavailable', `\`${command}\`: ${why}.`);
}

/** An answer that tells of a failure of the scheduler, and not of the jobs. */
export function commandFailed(command: string, { status, stderr }: CommandResult): EscrowError {
  return schedulerUnavailable(command, `status ${String(status)}: ${firstLine(stderr)}`);
}

/** It took the request and said no: the user has to change something. */
export function commandRejected(command: string, { stderr, stdout }: CommandResult): EscrowError {
  return new EscrowError('scheduler-rejected', `\`${command}\` said: ${firstLine(stderr || stdout)}`);
}

function firstLine(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '');
  return (line ?? 'nothing').trim().slice(0, 400);
}
