import type { Logger } from 'pino';
import type { BatchJobs } from '../aws/batch/batch-jobs.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import type { OnLost } from '../config/on-lost.ts';
import type { InTurn } from '../system/keyed-mutex.ts';
import { step, type Faults, type StepName } from '../system/steps.ts';
import type { Ledger, Queries } from '../ledger/open.ts';
import type { JobBoard } from '../schedulers/job-status-cache.ts';
import type { DirectoryStore, Removal, Store, Switch } from '../stores/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { Principal } from '../access/principal.ts';

/** What the runs need of the rest of the house; main.ts puts it together. */
export interface Engine {
  readonly ledger: Ledger;
  readonly vault: Vault;
  /** Stores by their kind: the one that placed a lease removes it. */
  readonly stores: ReadonlyMap<string, Removal>;
  /** Makes run directories: every run has one, wherever its secrets are. */
  readonly runDirectories: DirectoryStore;
  /** The store that takes the secrets of runs in a compute environment; often the one that makes run directories. */
  readonly secretsStore: (environment: ComputeEnvironment) => Store;
  /** What deletes secrets whose machine never comes back, where that is wanted. */
  readonly deadMan: Switch;
  /** Jobs of heads that are gone, on AWS Batch. */
  readonly batchJobs: BatchJobs;
  /** What schedulers say of jobs. */
  readonly jobs: JobBoard;
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
  readonly faults: Faults;
  /** Removals of one run are made one after another. */
  readonly removals: InTurn;
  readonly clock: () => Date;
  /** Milliseconds by a clock that nobody sets; this process's own where it is left out. */
  readonly elapsed?: () => number;
  readonly log: Logger;
}

/** Writes to the ledger, as a step: what `work` writes is there whole, or not at all. */
export function write<T>(engine: Engine, name: StepName, work: (db: Queries) => Promise<T>): Promise<T> {
  return step(engine.faults, name, () => engine.ledger.write(work));
}

/** The time, as the ledger writes it. */
export function now(engine: Engine, plusSeconds = 0): string {
  return new Date(engine.clock().getTime() + plusSeconds * 1000).toISOString();
}

/** How long something takes is told by this: nobody sets it, and it counts milliseconds. */
export function elapsed(engine: Pick<Engine, 'elapsed'>): number {
  return engine.elapsed?.() ?? performance.now();
}
