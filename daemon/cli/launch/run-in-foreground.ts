import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Process, RunStart } from '../../contract/types.ts';
import { fifoState } from '../../system/files/fifo.ts';
import { withInheritedCoreDumps } from '../../system/processes/core-dumps.ts';
import { findFifoHolders } from '../../system/processes/fifo-holders.ts';
import { isIgnored } from '../../system/processes/ignored-signals.ts';
import { liveness, signal } from '../../system/processes/process-identity.ts';
import { findHead } from './find-head.ts';
import { FORWARDED } from './forwarded-signals.ts';
import { shimCommand } from '../../launch/shim-shell.ts';
import { inForeground } from '../io/terminal.ts';
import { LostEnvironment } from './lost-environment.ts';
import { runFile } from '../../run-directory/layout.ts';

type Start = NonNullable<RunStart['start']>;

/** Signals that a terminal sends to its whole foreground process group. */
const FROM_KEYBOARD: readonly string[] = ['SIGINT', 'SIGQUIT'];

/** Polling intervals in milliseconds, for states without a notification. */
const LOOK_EVERY_MS = 20;
const WAIT_EVERY_MS = 500;
const ENVIRONMENT_EVERY_MS = 250;

/**
 * How nextflow ended: its exit status, or the signal that stopped the waiting because no process could receive it. Neither if
 * the exit status is unknown.
 */
export interface ForegroundEnd {
  readonly status?: number;
  readonly signal?: NodeJS.Signals;
  /** Whether Nextflow was seen without the variables of the run. */
  readonly lostEnvironment?: boolean;
}

/**
 * Starts the shim with this process's terminal, directory and environment, and returns how nextflow ended.
 *
 * Forwards signals to nextflow, except those that the terminal has already sent to it: Nextflow counts SIGINTs, and at the
 * third it ends without cancelling its jobs. If the shim is killed, this function still waits for the head. When the head has
 * ended, signals are no longer forwarded and have their default effect unless the caller handles them.
 *
 * Signals that the caller ignores stay ignored: under nohup, a closed terminal does not end the run.
 *
 * Uses node:child_process, because each run would pay for loading execa: docs/dependencies.md, "Start cost".
 */
export async function runInForeground(start: Start): Promise<ForegroundEnd> {
  const head = new ForegroundHead(start.directory);
  const environment = new LostEnvironment(start);
  const examine = setInterval(() => {
    if (environment.isDecided) clearInterval(examine);
    else if (head.pid !== undefined) environment.look(head.pid);
  }, ENVIRONMENT_EVERY_MS);
  const listeners = FORWARDED.filter((name) => !isIgnored(name)).map((name) => {
    const listener = (): void => {
      if (FROM_KEYBOARD.includes(name) && inForeground() && !head.isOver) return;
      head.send(name);
    };
    process.on(name, listener);
    return { name, listener };
  });
  const { command, args } = shimCommand(start);
  const child = withInheritedCoreDumps(() =>
    spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...start.environment } }),
  );
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? undefined);
    });
  });
  head.start(child.pid);
  try {
    const status = await ended;
    const end = status === undefined ? await head.ended() : { status };
    return { ...end, lostEnvironment: environment.isLost };
  } finally {
    head.stop();
    clearInterval(examine);
    for (const { name, listener } of listeners) process.off(name, listener);
  }
}

/** The nextflow process. It is searched for once, as early as possible: while the shim lives, a task cannot forge it. */
class ForegroundHead {
  readonly #directory: string;
  readonly #wanted: NodeJS.Signals[] = [];
  #shim: number | undefined;
  #process: Process | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whether the process is known and has ended. A signal from the terminal then reached only this process. */
  get isOver(): boolean {
    return this.#process !== undefined && liveness(this.#process) === 'ended';
  }

  /** The process id, as soon as it is known. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts to search below the shim. `shim`: its pid; undefined if it could not be started. */
  start(shim: number | undefined): void {
    this.#shim = shim;
    this.#timer ??= setInterval(() => {
      this.#look();
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Sends a signal as soon as the nextflow process is known. */
  send(name: NodeJS.Signals): void {
    this.#wanted.push(name);
    this.#look();
  }

  /** Waits for a head whose shim was killed. */
  async ended(): Promise<ForegroundEnd> {
    while (await this.#lives()) {
      const [signal] = this.#wanted; // could not be sent
      if (signal !== undefined) return { signal };
      await sleep(WAIT_EVERY_MS);
    }
    return {};
  }

  #look(): void {
    if (this.#shim !== undefined) this.#process ??= findHead(this.#shim, this.#directory);
    if (this.#process === undefined) return;
    this.stop();
    while (this.#wanted[0] !== undefined && signal(this.#process, this.#wanted[0])) this.#wanted.shift();
  }

  async #lives(): Promise<boolean> {
    const path = runFile(this.#directory, 'alive');
    if (this.#process === undefined) return fifoState(path) === 'held';
    if (liveness(this.#process) !== 'ended') return true;
    // The JVM may outlive a killed launcher. Any other process that holds the FIFO is not nextflow.
    if (fifoState(path) !== 'held') return false;
    return (await findFifoHolders(path)).some(({ program }) => basename(program) === 'java');
  }
}

/** Returns the exit status that a shell reports for a process ended by a signal. */
export function exitStatusOfSignal(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}
