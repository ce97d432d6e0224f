import type { Logger } from 'pino';
import type { BatchJobs } from '../aws/batch/batch-jobs.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import type { OnLost } from '../config/on-lost.ts';
import type { KeyedMutex } from '../system/keyed-mutex.ts';
import { step, type FaultInjector, type StepName } from '../system/steps.ts';
import type { Ledger, Queries } from '../ledger/open.ts';
import type { JobStatusCache } from '../schedulers/job-status-cache.ts';
import type { DirectoryStore, LeaseRemover, SecretsStore, DeadManSwitch } from '../stores/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { Principal } from '../access/principal.ts';

/** What the runs need of the rest of the house; main.ts puts it together. */
export interface RunDependencies {
  readonly ledger: Ledger;
  readonly vault: Vault;
  /** Stores by their kind: the one that placed a lease removes it. */
  readonly stores: ReadonlyMap<string, LeaseRemover>;
  /** Makes run directories: every run has one, wherever its secrets are. */
  readonly runDirectories: DirectoryStore;
  /** The store that takes the secrets of runs in a compute environment; often the one that makes run directories. */
  readonly secretsStore: (environment: ComputeEnvironment) => SecretsStore;
  /** What deletes secrets whose machine never comes back, where that is wanted. */
  readonly deadMan: DeadManSwitch;
  /** Jobs of heads that are gone, on AWS Batch. */
  readonly batchJobs: BatchJobs;
  /** What schedulers say of jobs. */
  readonly jobStatus: JobStatusCache;
  /** Runs whose job is being asked for at this moment: it need not be looked for by its name. */
  readonly submitting: Set<string>;
  /** What becomes of a run whose head is gone while jobs of it may live on. */
  readonly onLost: OnLost;
  readonly defaultWorkspace: string;
  /** Whose daemon this is. */
  readonly user: Principal;
  /** Where detached runs write what they would write to a terminal. */
  readonly outputDirectory: string;
  /** Nothing in the product; what tests interrupt it with. */
  readonly faults: FaultInjector;
  /** Removals of one run are made one after another. */
  readonly removals: KeyedMutex;
  readonly clock: () => Date;
  /** Milliseconds by a clock that nobody sets; this process's own where it is left out. */
  readonly monotonic?: () => number;
  readonly log: Logger;
}

/** Writes to the ledger, as a step: what `work` writes is there whole, or not at all. */
export function write<T>(
  deps: RunDependencies,
  name: StepName,
  work: (db: Queries) => Promise<T>,
): Promise<T> {
  return step(deps.faults, name, () => deps.ledger.write(work));
}

/** The time, as the ledger writes it. */
export function now(deps: RunDependencies, plusSeconds = 0): string {
  return new Date(deps.clock().getTime() + plusSeconds * 1000).toISOString();
}

/** How long something takes is told by this: nobody sets it, and it counts milliseconds. */
export function monotonic(deps: Pick<RunDependencies, 'monotonic'>): number {
  return deps.monotonic?.() ?? performance.now();
}
