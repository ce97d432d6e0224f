import type { Logger } from 'pino';
import type { Principal } from '../access/principal.ts';
import type { OnLost } from '../config/on-lost.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import type { Ledger, Queries } from '../ledger/open.ts';
import type { RunDirectories } from '../run-directory/run-directories.ts';
import type { JobStatusCache } from '../schedulers/job-status-cache.ts';
import type { SecretSource } from '../sources/source.ts';
import type { LeaseRemover, PlatformStores } from '../stores/store.ts';
import type { KeyedMutex } from '../system/keyed-mutex.ts';
import { step, type FaultInjector, type StepName } from '../system/steps.ts';

/** What runs need from other modules; daemon.ts puts it together. */
export interface RunDependencies {
  readonly ledger: Ledger;
  /** Where the values of secrets come from. */
  readonly source: SecretSource;
  /** The stores of every platform. */
  readonly platforms: ReadonlyMap<string, PlatformStores>;
  /** The stores of a compute environment's platform. */
  readonly platformOf: (environment: Pick<ComputeEnvironment, 'platform'>) => PlatformStores;
  /** Everything that removes leases, by the kind that the ledger records. */
  readonly removers: ReadonlyMap<string, LeaseRemover>;
  /** Every run has a run directory, wherever its secrets are. */
  readonly runDirectories: RunDirectories;
  /** What schedulers say about jobs. */
  readonly jobStatus: JobStatusCache;
  /** Runs whose job is being submitted at this moment: their job need not be searched by its name. */
  readonly submitting: Set<string>;
  /** What happens to a run whose head is gone while task jobs of it may be alive. */
  readonly onLost: OnLost;
  readonly defaultWorkspace: string;
  /** Whose daemon this is. */
  readonly user: Principal;
  /** Where the output of detached runs is written. */
  readonly outputDirectory: string;
  /** Does nothing in the product; tests interrupt with it. */
  readonly faults: FaultInjector;
  /** Serializes the removals of each run. */
  readonly removals: KeyedMutex;
  /** Has the files that are far behind read one batch at a time, of all runs together. */
  readonly reading: KeyedMutex;
  /** The wall clock. */
  readonly clock: () => Date;
  /** A monotonic clock in milliseconds; this process's own where it is left out. */
  readonly monotonic?: () => number;
  readonly log: Logger;
}

/** Writes to the ledger, as a step: what `work` writes is committed as a whole or not at all. */
export function write<T>(
  deps: RunDependencies,
  name: StepName,
  work: (db: Queries) => Promise<T>,
): Promise<T> {
  return step(deps.faults, name, () => deps.ledger.write(work));
}

/** The time as the ledger stores it (ISO 8601, UTC). */
export function now(deps: Pick<RunDependencies, 'clock'>, plusSeconds = 0): string {
  return new Date(deps.clock().getTime() + plusSeconds * 1000).toISOString();
}

/** A monotonic time in milliseconds, for durations. */
export function monotonic(deps: Pick<RunDependencies, 'monotonic'>): number {
  return deps.monotonic?.() ?? performance.now();
}
