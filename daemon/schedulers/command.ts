import { EscrowError } from '../errors.ts';

/** Result of a scheduler's command. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a scheduler's command until it exits. `variables` are added to its environment. Throws `scheduler-unavailable` if it
 * cannot be started or exceeds the time limit.
 */
export type RunCommand = (
  command: string,
  args: readonly string[],
  variables?: Readonly<Record<string, string>>,
) => Promise<CommandResult>;

/** Makes a command print times in UTC. Local time is ambiguous for an hour each autumn. */
export const inUtc = { TZ: 'UTC0' } as const;

/** Returns the error for a scheduler whose answer is missing or not understood. */
export function schedulerUnavailable(command: string, why: string): EscrowError {
  return new EscrowError('scheduler-unavailable', `\`${command}\` failed: ${why}.`);
}

/** Returns the error for a failure of the scheduler itself, not of a job. */
export function commandFailed(command: string, { status, stderr }: CommandResult): EscrowError {
  return schedulerUnavailable(command, `status ${String(status)}: ${firstLine(stderr)}`);
}

/** Returns the error for a request that the scheduler rejected, so that the user must change it. */
function commandRejected(command: string, { stderr, stdout }: CommandResult): EscrowError {
  return new EscrowError(
    'scheduler-rejected',
    `\`${command}\` rejected the request: ${firstLine(stderr || stdout)}`,
  );
}

/**
 * Returns the job id from the result of a submission. `isDown`: the scheduler did not receive the request, so that a retry is
 * safe. Throws `scheduler-unavailable`, `scheduler-rejected`.
 */
export function submittedJobId(
  command: string,
  answer: CommandResult,
  isDown: boolean,
  id: string | undefined,
): string {
  if (answer.status !== 0) throw isDown ? commandFailed(command, answer) : commandRejected(command, answer);
  if (id === undefined) throw schedulerUnavailable(command, 'it returned no job id');
  return id;
}

function firstLine(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '');
  return (line ?? 'nothing').trim().slice(0, 400);
}
