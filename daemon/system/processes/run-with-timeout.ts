import { spawn } from 'node:child_process';

/** What came of a command. */
export interface CommandResult {
  /** Its exit status; null when a signal or the time limit ended it. */
  readonly status: number | null;
  /** Standard output and standard error together, cut after 64 KiB. */
  readonly output: string;
  readonly timedOut: boolean;
}

const OUTPUT_MAX = 64 * 1024;
/** How long the rest of the output is waited for once the command has ended: someone it left behind may hold it open. */
const REST_MS = 100;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a command to its end, or to the end of the time given: then it and all that it started are killed. It has a
 * process group of its own for that, so a signal to us (Ctrl-C) is passed on. Rejects when it cannot be started.
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
      child.unref(); // one that hangs in the kernel cannot even be killed: it must not hold us
    };
    const finish = (status: number | null, timedOut: boolean): void => {
      letGo();
      resolve({ status, output: Buffer.concat(chunks).toString('utf8', 0, OUTPUT_MAX), timedOut });
    };
    const limit = setTimeout(() => {
      killGroup();
      finish(null, true);
    }, options.limitMs);
    for (const name of SIGNALS) process.on(name, passOn);
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
