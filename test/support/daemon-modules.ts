import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Ledger } from '../../daemon/ledger/ledger.ts';
import type { RunDependencies } from '../../daemon/runs/dependencies.ts';
import { noFaults, type FaultInjector } from '../../daemon/system/steps.ts';
import { Runs } from '../../daemon/runs/runs.ts';
import { schedulerUnavailable, type RunCommand } from '../../daemon/schedulers/command.ts';
import { createScheduler } from '../../daemon/schedulers/create-scheduler.ts';
import { JobStatusCache } from '../../daemon/schedulers/job-status-cache.ts';
import { Keys } from '../../daemon/vault/keys/keys.ts';
import { openTestLedger } from './test-ledger.ts';
import { runDependencies } from './run-dependencies.ts';
import { ServerSource, type ServerSourceOptions } from '../../daemon/sources/server-source.ts';
import { Vault } from '../../daemon/vault/vault.ts';

/** The modules of a daemon, composed like in daemon.ts, without AWS and with a scheduler that never answers. */
export interface DaemonModules {
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly runs: Runs;
  readonly deps: RunDependencies;
  /** Returns the log since the last call. */
  readonly logged: () => string;
  readonly close: () => Promise<void>;
}

/** Absolute paths. */
export interface Where {
  readonly ledger: string;
  readonly keyFile: string;
  /** The directory of run directories. */
  readonly runs: string;
  readonly output: string;
}

/** Returns paths in one directory. */
export function placesIn(directory: string): Where {
  return {
    ledger: join(directory, 'ledger.db'),
    keyFile: join(directory, 'vault.key'),
    runs: join(directory, 'runs'),
    output: join(directory, 'output'),
  };
}

const silent: RunCommand = () => Promise.reject(schedulerUnavailable('squeue', 'it does not answer'));

/** Replacements for parts of the modules. */
export interface Otherwise {
  /** Runs the scheduler's commands. */
  readonly ask?: RunCommand;
  readonly onLost?: RunDependencies['onLost'];
  /** Returns the team servers that the user is signed in to. */
  readonly servers?: ServerSourceOptions['servers'];
  readonly clock?: RunDependencies['clock'];
  readonly elapsed?: () => number;
  /** Interval between two rounds of cleanup, in milliseconds. */
  readonly retryMs?: number;
}

/** Composes the modules in this process. The caller starts the recovery of runs. */
export async function assemble(
  where: Where,
  faults: FaultInjector = noFaults,
  {
    ask = silent,
    onLost = 'purge-now',
    clock = () => new Date(),
    elapsed = () => performance.now(),
    servers = () => [],
    retryMs,
  }: Otherwise = {},
): Promise<DaemonModules> {
  const ledger = await openTestLedger(where.ledger);
  const vault = new Vault(ledger, new Keys({ keyFile: where.keyFile, keyCommand: undefined }));
  let log = '';
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      log += chunk.toString();
      done();
    },
  });
  const deps = runDependencies(ledger, vault, where, {
    jobStatus: new JobStatusCache((executor) => createScheduler(executor, ask)),
    onLost,
    servers: new ServerSource({ ledger, servers, faults }),
    faults,
    clock,
    monotonic: elapsed,
    log: pino({ base: null }, sink),
  });
  const runs = new Runs(deps, { roundMs: retryMs });
  const close = async (): Promise<void> => {
    await runs.stop();
    await ledger.close();
  };
  const logged = (): string => {
    const text = log;
    log = '';
    return text;
  };
  return { ledger, vault, runs, deps, logged, close };
}
