import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunStart } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { openToAppend } from '../system/files/owned-file.ts';
import { ensurePrivateDirectory } from '../system/files/private-directory.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { withInheritedCoreDumps } from '../system/processes/core-dumps.ts';
import { umaskText } from '../system/processes/umask.ts';
import { runFile } from '../run-directory/layout.ts';
import { shimCommand } from './shim-shell.ts';

type Start = NonNullable<RunStart['start']>;

/** Where a detached run starts, unless it is where this process runs. */
export interface Surroundings {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly umask: number;
}

const LOOK_EVERY_MS = 20;
/** Time limit for the start. The daemon aborts a run whose shim does not start within a minute. */
const START_MS = 60_000;
const ERROR_MAX = 4096;
/** Changes the directory in the child: Node would wait for a directory on a file server that does not respond. */
const IN_SURROUNDINGS = 'umask "$1" && cd -- "$2" && shift 2 && exec "$@"';

/**
 * Starts the shim in its own session, with its output in a file, and returns when the shim starts nextflow. From then on the
 * run is independent of this process. Uses node:child_process for a fast start, like runInForeground. Throws `store-unavailable` with the shim's output if nextflow was not started.
 */
export async function runDetached(start: Start, surroundings?: Surroundings): Promise<void> {
  const output = start.outputFile ?? '/dev/null';
  ensurePrivateDirectory(dirname(output));
  const child = spawnShim(start, output, surroundings);
  const ended = new Promise<boolean>((resolve) => {
    child.on('error', () => {
      resolve(true);
    });
    child.on('exit', () => {
      resolve(true);
    });
  });
  child.unref();
  const deadline = performance.now() + START_MS;
  while (!existsSync(runFile(start.directory, 'started'))) {
    if (performance.now() > deadline)
      throw new EscrowError(
        'store-unavailable',
        `Cannot start nextflow: the run directory "${start.directory}" did not respond within ${String(START_MS / 1000)} s.`,
      );
    const isOver = await Promise.race([ended, sleep(LOOK_EVERY_MS, false)]);
    // A short run may have ended and its directory may have been removed already.
    if (isOver && existsSync(runFile(start.directory, 'armed'))) {
      const printed = readFileNoFollow(output, ERROR_MAX)?.toString('utf8').trim();
      throw new EscrowError('store-unavailable', `Cannot start nextflow: ${printed || 'the shim ended'}`);
    }
    if (isOver) return;
  }
}

function spawnShim(start: Start, output: string, surroundings: Surroundings | undefined): ChildProcess {
  const { command, args } = shimCommand(start, ['SIGHUP']);
  const [program, ...words] =
    surroundings === undefined
      ? ([command, ...args] as const)
      : inSurroundings(surroundings, [command, ...args]);
  const env = { ...(surroundings?.environment ?? process.env), ...start.environment };
  const fd = openToAppend(output);
  try {
    return withInheritedCoreDumps(() =>
      spawn(program, words, { detached: true, stdio: ['ignore', fd, fd], env }),
    );
  } finally {
    closeSync(fd);
  }
}

function inSurroundings(
  { umask, directory }: Surroundings,
  words: readonly string[],
): readonly [string, ...string[]] {
  return ['/bin/sh', '-c', IN_SURROUNDINGS, 'sh', umaskText(umask), directory, ...words];
}
