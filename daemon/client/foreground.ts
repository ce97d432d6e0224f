import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Process, RunStart } from '../contract/types.ts';
import { fifoState } from '../host/fifo.ts';
import { signal } from '../host/process-identity.ts';
import { withShell } from './shell.ts';

type Start = NonNullable<RunStart['start']>;

/** Signals that someone may send to this process alone, meaning nextflow. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Starts the shim with this process's own terminal, directory and environment, and gives nextflow's exit status.
 *
 * Signals go on to nextflow itself. At Ctrl-C the terminal has already signalled the whole group: the second SIGINT
 * finds a JVM that is shutting down and changes nothing. Should the shim be killed, this waits for the head all the
 * same, and gives undefined: its status cannot be known here any more.
 *
 * node:child_process and not execa: this is on the way of every run, and loading counts.
 */
export async function runInForeground(start: Start): Promise<number | undefined> {
  const wanted: NodeJS.Signals[] = [];
  let forwarding: NodeJS.Timeout | undefined;
  for (const name of FORWARDED) {
    process.on(name, () => {
      wanted.push(name);
      forward(start.directory, wanted);
      // Not started yet, or between two writes: again soon.
      forwarding ??= setInterval(() => {
        forward(start.directory, wanted);
      }, 20);
    });
  }
  const { command, args } = withShell(start, false);
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...start.environment } });
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? undefined);
    });
  });
  try {
    const status = await ended;
    while (status === undefined && fifoState(join(start.directory, 'alive')) === 'held') await sleep(100);
    return status;
  } finally {
    clearInterval(forwarding);
  }
}

/** The exit status of a process that a signal ended, as a shell gives it. */
export function statusOfSignal(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}

/** Sends what is wanted once it is known which process nextflow is. */
function forward(directory: string, wanted: NodeJS.Signals[]): void {
  if (wanted.length === 0) return;
  let head;
  try {
    head = JSON.parse(readFileSync(join(directory, 'process'), 'utf8')) as Process;
  } catch {
    return; // not started yet, or over: tried again until the shim ends
  }
  for (const name of wanted.splice(0)) signal(head, name);
}
