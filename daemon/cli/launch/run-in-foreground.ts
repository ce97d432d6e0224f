import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Process, RunStart } from '../../contract/types.ts';
import { fifoState } from '../../system/files/fifo.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import { withInheritedCoreDumps } from '../../system/processes/core-dumps.ts';
import { findFifoHolders } from '../../system/processes/fifo-holders.ts';
import { liveness, signal } from '../../system/processes/process-identity.ts';
import { shimCommand } from './shim-shell.ts';
import { inForeground } from '../io/terminal.ts';
import { runFile } from '../../run-directory/layout.ts';

type Start = NonNullable<RunStart['start']>;

/**
 * Signals that someone may send to this process alone, meaning nextflow. Schedulers warn with SIGUSR1 and 2; at an
 * unhandled SIGUSR1 Node opens its inspector to every user of the machine.
 */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
/** Signals that a terminal gives to every process in its foreground. */
const FROM_KEYBOARD: readonly string[] = ['SIGINT', 'SIGQUIT'];

/** Between two looks for what cannot be told otherwise, in milliseconds. */
const LOOK_EVERY_MS = 20;
const WAIT_EVERY_MS = 500;

/**
 * How nextflow ended: its exit status; the signal that ended the waiting for it, where nothing of it was left to be given
 * that; or neither, where its status cannot be known here.
 */
export interface ForegroundEnd {
  readonly status?: number;
  readonly signal?: NodeJS.Signals;
}

/**
 * Starts the shim with this process's own terminal, directory and environment, and gives how nextflow ended.
 *
 * Signals go on to nextflow itself, but for what it has from the terminal already: Nextflow counts SIGINTs, and at the
 * third it ends without cancelling its jobs. Should the shim be killed, this waits for the head all the same. Once that has
 * ended, signals are not forwarded any more, and do what they do to any program, unless the caller sees to it.
 *
 * `ignoreHangup`: as under nohup, the terminal's end is not the run's.
 *
 * node:child_process and not execa: this is on the way of every run, and loading counts.
 */
export async function runInForeground(start: Start, ignoreHangup: boolean): Promise<ForegroundEnd> {
  const head = new ForegroundHead(start.directory);
  const listeners = FORWARDED.map((name) => {
    const listener = (): void => {
      if (name === 'SIGHUP' && ignoreHangup) return;
      if (FROM_KEYBOARD.includes(name) && inForeground() && !head.isOver) return;
      head.send(name);
    };
    process.on(name, listener);
    return { name, listener };
  });
  const { command, args } = shimCommand(start, ignoreHangup);
  const child = withInheritedCoreDumps(() =>
    spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...start.environment } }),
  );
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? undefined);
    });
  });
  head.start();
  try {
    const status = await ended;
    return status === undefined ? await head.ended() : { status };
  } finally {
    head.stop();
    for (const { name, listener } of listeners) process.off(name, listener);
  }
}

/** The process that nextflow is, as its shim told before nextflow began: later a task may have written something else. */
class ForegroundHead {
  readonly #directory: string;
  readonly #wanted: NodeJS.Signals[] = [];
  #process: Process | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whether it was seen to live, and does not any more: then a signal was given to nobody but us. */
  get isOver(): boolean {
    return this.#process !== undefined && liveness(this.#process) === 'ended';
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Sends a signal as soon as it is known which process nextflow is. */
  send(name: NodeJS.Signals): void {
    this.#wanted.push(name);
    this.#look();
  }

  /** Waits for a head whose shim was killed. */
  async ended(): Promise<ForegroundEnd> {
    while (await this.#lives()) {
      const [signal] = this.#wanted; // one that could not be sent
      if (signal !== undefined) return { signal };
      await sleep(WAIT_EVERY_MS);
    }
    return {};
  }

  #look(): void {
    this.#process ??= readProcess(this.#directory);
    if (this.#process === undefined) return;
    this.stop();
    while (this.#wanted[0] !== undefined && signal(this.#process, this.#wanted[0])) this.#wanted.shift();
  }

  async #lives(): Promise<boolean> {
    const path = runFile(this.#directory, 'alive');
    if (this.#process === undefined) return fifoState(path) === 'held';
    if (liveness(this.#process) !== 'ended') return true;
    // A launcher that was killed may leave its JVM. Whatever else holds the FIFO is not nextflow.
    if (fifoState(path) !== 'held') return false;
    return (await findFifoHolders(path)).some(({ program }) => basename(program) === 'java');
  }
}

function readProcess(directory: string): Process | undefined {
  try {
    return JSON.parse(
      readFileNoFollow(runFile(directory, 'process'), 4096)?.toString('utf8') ?? '',
    ) as Process;
  } catch {
    return undefined; // not started yet, or over
  }
}

/** The exit status of a process that a signal ended, as a shell gives it. */
export function exitStatusOfSignal(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}
