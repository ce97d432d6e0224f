import type { ChildProcess } from 'node:child_process';
import { EscrowError } from '../../errors.ts';
import { isIgnored } from './ignored-signals.ts';

/** The result of a command. */
export interface CommandResult {
  /** The exit status; null when a signal or the time limit ended the command. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** Limits and input of a command. */
export interface CommandOptions {
  /** Time limit, in milliseconds. */
  readonly limitMs: number;
  /** The whole environment of the command. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Working directory; that of this process by default. */
  readonly cwd?: string;
  /** Standard input; empty by default. */
  readonly input?: string;
  /** Limit of each output, in characters. */
  readonly outputMax?: number;
  /** How to decode the output. `latin1` keeps every byte. */
  readonly encoding?: 'utf8' | 'latin1';
}

const OUTPUT_MAX = 1024 * 1024;
/** Time to wait for remaining output after the command has exited: a process that it started may keep the pipe open. */
const REST_MS = 100;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command and kills its process group when the time limit expires. The command has its own process group, so
 * signals to this process (Ctrl-C) also kill it. Rejects when the command cannot be started or prints too much.
 */
export async function runWithTimeout(
  command: string,
  args: readonly string[],
  { limitMs, env, cwd, input, outputMax = OUTPUT_MAX, encoding = 'utf8' }: CommandOptions,
): Promise<CommandResult> {
  const { execa } = await import('execa'); // large, and most commands run no program
  const passOn = (name: NodeJS.Signals): void => {
    killGroup(child);
    process.off(name, passOn);
    // Other handlers have received the signal already. Without one, it has its default effect.
    if (process.listenerCount(name) === 0) process.kill(process.pid, name);
  };
  // Before the start, so that no signal arrives between. Handlers run later, when `child` is set.
  for (const name of SIGNALS) if (!isIgnored(name)) process.on(name, passOn);
  const child = execa(command, [...args], {
    env,
    extendEnv: false,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    detached: true,
    encoding,
    stripFinalNewline: false,
    maxBuffer: outputMax,
    reject: false,
  });
  const closeOutput = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  child.once('exit', () => setTimeout(closeOutput, REST_MS).unref());
  let limit: NodeJS.Timeout | undefined;
  const expired = new Promise<undefined>((resolve) => {
    limit = setTimeout(resolve, limitMs, undefined);
  });
  try {
    const result = await Promise.race([child, expired]);
    if (result === undefined) return { status: null, stdout: '', stderr: '', timedOut: true };
    if (result.isMaxBuffer)
      throw new EscrowError('internal', `\`${command}\` printed more than ${String(outputMax)} characters.`);
    if (result.exitCode === undefined && result.cause instanceof Error) throw result.cause;
    const { exitCode = null, stdout, stderr } = result;
    return { status: exitCode, stdout, stderr, timedOut: false };
  } finally {
    killGroup(child); // only if it still runs
    clearTimeout(limit);
    for (const name of SIGNALS) process.off(name, passOn);
    closeOutput();
    child.unref(); // a process that hangs in the kernel cannot be killed and must not keep this one alive
  }
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}
