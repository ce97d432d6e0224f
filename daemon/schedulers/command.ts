import { EscrowError } from '../errors.ts';

/** What a scheduler's command answered. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a scheduler's command to its end. `variables` are added to its environment. Throws `scheduler-unavailable` if it
 * cannot be run or does not end in time.
 */
export type RunCommand = (
  command: string,
  args: readonly string[],
  variables?: Readonly<Record<string, string>>,
) => Promise<CommandResult>;

/** Has a command print times in UTC: local time is ambiguous for an hour each autumn. */
export const inUtc = { TZ: 'UTC0' } as const;

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

/**
 * Returns the job id that a submission answered. `isDown`: the scheduler took no request, so that it may be asked again.
 * Throws `scheduler-unavailable`, `scheduler-rejected`.
 */
export function submittedJobId(
  command: string,
  answer: CommandResult,
  isDown: boolean,
  id: string | undefined,
): string {
  if (answer.status !== 0) throw isDown ? commandFailed(command, answer) : commandRejected(command, answer);
  if (id === undefined) throw schedulerUnavailable(command, 'it gave no job id');
  return id;
}

function firstLine(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '');
  return (line ?? 'nothing').trim().slice(0, 400);
}
