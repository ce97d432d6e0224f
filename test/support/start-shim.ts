import { spawn, type ChildProcess } from 'node:child_process';
import type { RunStart } from '../../daemon/contract/types.ts';
import { untapped } from './sandbox.ts';

/** Starts the shim of a run that the daemon's modules have materialized, as a caller does. */
export function startShim(start: NonNullable<RunStart['start']>, launchDirectory: string): ChildProcess {
  return spawn(...untapped(start.command, start.arguments), {
    cwd: launchDirectory,
    env: { PATH: process.env['PATH'], ...start.environment },
    stdio: 'ignore',
  });
}
