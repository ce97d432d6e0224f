import type { Logger } from 'pino';
import type { BatchJobs } from '../aws/batch-jobs.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import type { OnLost } from '../config/on-lost.ts';
import type { InTurn } from '../host/in-turn.ts';
import type { Ledger } from '../ledger/open.ts';
import type { JobBoard } from '../schedulers/board.ts';
import type { Removal, Store } from '../stores/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { Principal } from '../access/principal.ts';
import type { Faults } from './faults.ts';

/** What the runs need of the rest of the house; main.ts puts it together. */
export interface Engine {
  readonly ledger: Ledger;
  readonly vault: Vault;
  /** Stores by their kind: the one that placed a lease removes it. */
  readonly stores: ReadonlyMap<string, Removal>;
  /** Makes run directories: every run has one, wherever its secrets are. */
  readonly runDirectories: Store;
  /** The store that takes the secrets of runs in a compute environment; often the one that makes run directories. */
  readonly secretsStore: (environment: ComputeEnvironment) => Store;
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
  readonly log: Logger;
}

/** The time, as the ledger writes it. */
export function now(engine: Engine, plusSeconds = 0): string {
  return new Date(engine.clock().getTime() + plusSeconds * 1000).toISOString();
}
