import type { Logger } from 'pino';
import type { Principal } from '../access/principal.ts';
import type { OnLost } from '../config/on-lost.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { RunDirectories } from '../run-directory/run-directories.ts';
import type { JobStatusCache } from '../schedulers/job-status-cache.ts';
import type { ReleaseSource, SecretSource } from '../sources/source.ts';
import type { LeaseRemover, PlatformStores } from '../stores/store.ts';
import type { KeyedMutex } from '../system/keyed-mutex.ts';
import type { RunRedactors } from './records/run-redactors.ts';
import { step, type FaultInjector, type StepName } from '../system/steps.ts';

/** Dependencies of all run operations. daemon.ts assembles them. */
export interface RunDependencies {
  readonly ledger: Ledger;
  /** Provides the values of secrets. */
  readonly source: SecretSource;
  /** Provides the secrets of workspaces of team servers. */
  readonly servers: ReleaseSource;
  /** The stores of every platform, by platform. */
  readonly platforms: ReadonlyMap<string, PlatformStores>;
  /** Returns the stores of a compute environment's platform. */
  readonly platformOf: (environment: Pick<ComputeEnvironment, 'platform'>) => PlatformStores;
  /** Returns a compute environment without the settings of its platform, for a command that submits nothing. */
  readonly onThisHost: (environment: ComputeEnvironment) => ComputeEnvironment;
  /** The removers of leases, by the store kind that the ledger records. */
  readonly removers: ReadonlyMap<string, LeaseRemover>;
  /** Every run has a run directory, even if its secrets are in another store. */
  readonly runDirectories: RunDirectories;
  /** Job states as the schedulers report them. */
  readonly jobStatus: JobStatusCache;
  /** Runs whose head job is being submitted now. The daemon does not search for these jobs by name. */
  readonly submitting: Set<string>;
  /** Policy for a run whose head has ended while its task jobs may still run. */
  readonly onLost: OnLost;
  readonly defaultWorkspace: string;
  /** The user who owns this daemon. */
  readonly user: Principal;
  /** Directory for the output files of detached runs. */
  readonly outputDirectory: string;
  /** No-op in production. Tests use it to interrupt steps. */
  readonly faults: FaultInjector;
  /** Serializes the removals of each run. */
  readonly removals: KeyedMutex;
  /** Serializes expensive reading: files with a large backlog and audits, of all runs, and the searches of one run's log. */
  readonly reading: KeyedMutex;
  /** Everything that shows or stores text of a run passes through its redactor. */
  readonly redactors: RunRedactors;
  /** The wall clock. */
  readonly clock: () => Date;
  /** A monotonic clock in milliseconds. Default: `performance.now`. */
  readonly monotonic?: () => number;
  readonly log: Logger;
}

/** Writes to the ledger as a named step, in one transaction. */
export function write<T>(
  deps: RunDependencies,
  name: StepName,
  work: (db: Queries) => Promise<T>,
): Promise<T> {
  return step(deps.faults, name, () => deps.ledger.write(work));
}

/** Returns the current time in the ledger's format (ISO 8601, UTC). */
export function now(deps: Pick<RunDependencies, 'clock'>, plusSeconds = 0): string {
  return new Date(deps.clock().getTime() + plusSeconds * 1000).toISOString();
}

/** Returns a monotonic time in milliseconds, for durations. */
export function monotonic(deps: Pick<RunDependencies, 'monotonic'>): number {
  return deps.monotonic?.() ?? performance.now();
}
