import { checkAws } from '../aws/iam/iam-check.ts';
import type { OpenSession } from '../aws/session/session.ts';
import { sweepAws, type Sweeper } from '../aws/sweep.ts';
import type { ComputeEnvironment, Leftovers } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Runs } from '../runs/runs.ts';
import type { Check } from './check.ts';
import { probeOnBatch, type BatchProbeLimits } from './probes/batch-probe.ts';

type Platform = ComputeEnvironment['platform'];

/** What a daemon can ask the service behind a compute environment. */
export interface PlatformChecks {
  /** Whether the service permits what runs need. */
  readonly check: (environment: ComputeEnvironment) => Promise<Check[]>;
  /** Has a job there read a generated secret. */
  readonly probe: (environment: ComputeEnvironment, limits: BatchProbeLimits) => Promise<Check[]>;
  /** Finds what other machines left behind; with `remove`, removes it. */
  readonly sweep: (environment: ComputeEnvironment, remove: boolean) => Promise<Leftovers['leftovers']>;
}

/** The platforms with a service behind them; a platform that is not listed has nothing to ask. */
export type AllPlatformChecks = Readonly<Partial<Record<Platform, PlatformChecks>>>;

/** Creates the checks of every platform that has any. */
export function platformChecks(runs: Runs, openSession: OpenSession, sweeper: Sweeper): AllPlatformChecks {
  return {
    'aws-batch': {
      check: async (environment) => checkAws(settingsOf(environment), openSession),
      probe: async (environment, limits) => probeOnBatch(runs, openSession, environment, limits),
      sweep: async (environment, remove) => sweepAws(settingsOf(environment), openSession, sweeper, remove),
    },
  };
}

function settingsOf({ name, aws }: ComputeEnvironment): NonNullable<ComputeEnvironment['aws']> {
  if (aws !== undefined) return aws;
  throw new EscrowError('internal', `The compute environment "${name}" has no AWS settings.`);
}
