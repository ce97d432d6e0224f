import { checkAws } from '../aws/iam/iam-check.ts';
import { openSession } from '../aws/session/session.ts';
import { sweepAws } from '../aws/sweep.ts';
import { policiesOf, type NamedPolicy } from '../stores/aws/policies.ts';
import { awsSettingsOf } from '../stores/aws/settings.ts';
import type { Sweeper } from '../stores/sweeper.ts';
import type { ComputeEnvironment, Leftovers } from '../contract/types.ts';
import type { Runs } from '../runs/runs.ts';
import type { Check } from './check.ts';
import { probeOnBatch, type BatchProbeLimits } from './aws/batch-probe.ts';

type Platform = ComputeEnvironment['platform'];

/** Checks that the daemon runs against the service of a platform. */
interface PlatformChecks {
  /** Checks whether the service permits what runs of a workspace need. Undefined means the default workspace. */
  readonly check: (environment: ComputeEnvironment, workspace: string | undefined) => Promise<Check[]>;
  /** Returns the IAM policies that runs of a workspace need. Undefined means all workspaces. */
  readonly policies: (environment: ComputeEnvironment, workspace: string | undefined) => NamedPolicy[];
  /** Lets a job there read a generated secret. */
  readonly probe: (environment: ComputeEnvironment, limits: BatchProbeLimits) => Promise<Check[]>;
  /** Finds what dead machines left there, and removes it if `remove` is set. */
  readonly sweep: (environment: ComputeEnvironment, remove: boolean) => Promise<Leftovers['leftovers']>;
}

/** The checks by platform. A platform that is not listed has no remote service. */
export type AllPlatformChecks = Readonly<Partial<Record<Platform, PlatformChecks>>>;

/** Creates the checks of every platform that has any. */
export function platformChecks(runs: Runs, sweeper: Sweeper, defaultWorkspace: string): AllPlatformChecks {
  return {
    'aws-batch': {
      check: async (environment, workspace = defaultWorkspace) =>
        checkAws(awsSettingsOf(environment), openSession, { owner: sweeper.owner, workspace }),
      policies: (environment, workspace) => policiesOf(environment, sweeper.owner, workspace),
      probe: async (environment, limits) => probeOnBatch(runs, openSession, environment, limits),
      sweep: async (environment, remove) =>
        sweepAws(awsSettingsOf(environment), openSession, sweeper, remove),
    },
  };
}
