import { spawn } from 'node:child_process';
import { isIgnored } from './ignored-signals.ts';

/** The result of a command. */
export interface CommandResult {
  /** The exit status; null when a signal or the time limit ended the command. */
  readonly status: number | null;
  /** Standard output and standard error combined, truncated to 64 KiB. */
  readonly output: string;
  readonly timedOut: boolean;
}

const OUTPUT_MAX = 64 * 1024;
/** Time to wait for remaining output after the command has exited: a process that it started may keep the pipe open. */
const REST_MS = 100;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command and kills its process group when the time limit expires. The command has its own process group, so
 * signals to this process (Ctrl-C) also kill it. Rejects when the command cannot be started.
 */
export function runWithTimeout(
  command: string,
  args: readonly string[],
  options: { readonly limitMs: number; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        if (length < OUTPUT_MAX) chunks.push(chunk);
        length += chunk.length;
      });
    }
    const killGroup = (): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, 'SIGKILL');
    };
    const passOn = (name: NodeJS.Signals): void => {
      killGroup();
      process.off(name, passOn);
      process.kill(process.pid, name);
    };
    const letGo = (): void => {
      clearTimeout(limit);
      for (const name of SIGNALS) process.off(name, passOn);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref(); // a process that hangs in the kernel cannot be killed and must not keep this one alive
    };
    const finish = (status: number | null, timedOut: boolean): void => {
      letGo();
      resolve({ status, output: Buffer.concat(chunks).toString('utf8', 0, OUTPUT_MAX), timedOut });
    };
    const limit = setTimeout(() => {
      killGroup();
      finish(null, true);
    }, options.limitMs);
    for (const name of SIGNALS) if (!isIgnored(name)) process.on(name, passOn);
    child.on('error', (error) => {
      letGo();
      reject(error);
    });
    child.on('exit', (status) => {
      const rest = setTimeout(() => {
        finish(status, false);
      }, REST_MS);
      child.once('close', () => {
        clearTimeout(rest);
        finish(status, false);
      });
    });
  });
}
