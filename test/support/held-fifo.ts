import { spawn } from 'node:child_process';
import { copyFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Test } from 'tap';
import type { Process } from '../../daemon/contract/types.ts';
import { identify } from '../../daemon/system/processes/process-identity.ts';
import { until } from './sandbox.ts';
import { temporaryDirectory } from './temporary.ts';

/** A process that holds a FIFO, as nextflow does, or a process that it left behind. */
export interface Holder {
  readonly identity: Process;
  /** Kills it, and resolves once it is gone. */
  readonly kill: () => Promise<void>;
}

/** Starts a process with this name that holds a FIFO. */
export async function hold(t: Test, fifo: string, name: string): Promise<Holder> {
  const program = join(temporaryDirectory(t), name);
  copyFileSync('/bin/sleep', program);
  const child = spawn('/bin/bash', ['-c', 'exec 9<>"$0"; exec "$1" 600', fifo, program], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  t.teardown(kill);
  const pid = child.pid ?? 0;
  await until(`${name} runs`, () => basename(readlinkSync(`/proc/${String(pid)}/exe`)) === name);
  const identity = identify(pid);
  if (identity === undefined) throw new Error(`${name} ended`);
  return { identity, kill };
}
