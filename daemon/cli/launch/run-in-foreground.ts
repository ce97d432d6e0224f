import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Process, RunStart } from '../../contract/types.ts';
import { fifoState } from '../../system/files/fifo.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import { withInheritedCoreDumps } from '../../system/processes/core-dumps.ts';
import { signal } from '../../system/processes/process-identity.ts';
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

/**
 * Starts the shim with this process's own terminal, directory and environment, and gives nextflow's exit status.
 *
 * Signals go on to nextflow itself, but for what it has from the terminal already: Nextflow counts SIGINTs, and at the
 * third it ends without cancelling its jobs. Should the shim be killed, this waits for the head all the same, and gives
 * undefined: its status cannot be known here any more.
 *
 * `ignoreHangup`: as under nohup, the terminal's end is not the run's.
 *
 * node:child_process and not execa: this is on the way of every run, and loading counts.
 */
export async function runInForeground(start: Start, ignoreHangup: boolean): Promise<number | undefined> {
  const wanted: NodeJS.Signals[] = [];
  let forwarding: NodeJS.Timeout | undefined;
  for (const name of FORWARDED) {
    process.on(name, () => {
      if (name === 'SIGHUP' && ignoreHangup) return;
      if (FROM_KEYBOARD.includes(name) && inForeground()) return;
      wanted.push(name);
      forward(start.directory, wanted);
      // Not started yet, or between two writes: again soon.
      forwarding ??= setInterval(() => {
        forward(start.directory, wanted);
      }, 20);
    });
  }
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
  try {
    const status = await ended;
    while (status === undefined && fifoState(runFile(start.directory, 'alive')) === 'held') await sleep(100);
    return status;
  } finally {
    clearInterval(forwarding);
  }
}

/** The exit status of a process that a signal ended, as a shell gives it. */
export function exitStatusOfSignal(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}

/** Sends what is wanted once it is known which process nextflow is. */
function forward(directory: string, wanted: NodeJS.Signals[]): void {
  if (wanted.length === 0) return;
  let head;
  try {
    head = JSON.parse(readFileNoFollow(runFile(directory, 'process'))?.toString('utf8') ?? '') as Process;
  } catch {
    return; // not started yet, or over: tried again until the shim ends
  }
  for (const name of wanted.splice(0)) signal(head, name);
}
