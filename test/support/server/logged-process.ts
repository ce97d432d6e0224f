import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { untapped, type Sandbox } from '../sandbox.ts';

/** A process of nf-escrow that faults kill and pause, and that is started again. Its output is appended to a file. */
export class LoggedProcess {
  readonly #box: Sandbox;
  readonly #args: readonly string[];
  readonly #logFile: string;
  #child: ChildProcess | undefined;
  #isClosed = false;

  constructor(box: Sandbox, args: readonly string[], logFile: string) {
    this.#box = box;
    this.#args = args;
    this.#logFile = logFile;
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    if (this.isRunning || this.#isClosed) return;
    const [program, ...first] = this.#box.command;
    const output = openSync(this.#logFile, 'a', 0o600);
    const command = untapped(program, [...first, ...this.#args]);
    this.#child = spawn(...command, {
      cwd: this.#box.launch,
      env: this.#box.env,
      stdio: ['ignore', output, output],
      detached: true,
    });
    closeSync(output);
  }

  /** Sends a signal and waits until the process has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Kills the process. It is not started again, also if a campaign that is being stopped tries to. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.end();
  }

  async pause(ms: number): Promise<void> {
    const child = this.#child;
    child?.kill('SIGSTOP');
    await sleep(ms);
    child?.kill('SIGCONT'); // another fault may have killed it meanwhile
  }
}
