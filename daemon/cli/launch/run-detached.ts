import { spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunStart } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { openToAppend } from '../../system/files/owned-file.ts';
import { ensurePrivateDirectory } from '../../system/files/private-directory.ts';
import { withInheritedCoreDumps } from '../../system/processes/core-dumps.ts';
import { shimCommand } from './shim-shell.ts';
import { runFile } from '../../run-directory/layout.ts';

type Start = NonNullable<RunStart['start']>;

const LOOK_EVERY_MS = 20;

/**
 * Starts the shim in its own session, with its output in a file, and returns when the shim starts nextflow. From then on the
 * run is independent of this process. Uses node:child_process for a fast start, like runInForeground. Throws `store-unavailable` with the shim's output if nextflow was not started.
 */
export async function runDetached(start: Start): Promise<void> {
  const output = start.outputFile ?? '/dev/null';
  ensurePrivateDirectory(dirname(output));
  const fd = openToAppend(output);
  const { command, args } = shimCommand(start, ['SIGHUP']);
  const child = withInheritedCoreDumps(() =>
    spawn(command, args, {
      detached: true,
      stdio: ['ignore', fd, fd],
      env: { ...process.env, ...start.environment },
    }),
  );
  closeSync(fd);
  const ended = new Promise<boolean>((resolve) => {
    child.on('error', () => {
      resolve(true);
    });
    child.on('exit', () => {
      resolve(true);
    });
  });
  child.unref();
  while (!existsSync(runFile(start.directory, 'started'))) {
    const isOver = await Promise.race([ended, sleep(LOOK_EVERY_MS, false)]);
    // A short run may have ended and its directory may have been removed already.
    if (isOver && existsSync(runFile(start.directory, 'armed')))
      throw new EscrowError(
        'store-unavailable',
        `Cannot start nextflow: ${readFileSync(output, 'utf8').trim()}`,
      );
    if (isOver) return;
  }
}
