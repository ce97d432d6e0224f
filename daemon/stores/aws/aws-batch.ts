import { batchJobs } from '../../aws/batch/batch-jobs.ts';
import type { ProvidedCredentials } from '../../aws/session/credentials.ts';
import type { OpenSession } from '../../aws/session/session.ts';
import type { FaultInjector } from '../../system/steps.ts';
import type { Clock } from '../../system/time/clock.ts';
import type { PlatformStores } from '../store.ts';
import { DeadManSwitches } from './dead-man-switches.ts';
import { BatchJobDefinitions } from './job-definitions.ts';
import { AwsSecretsManager } from './secrets-manager.ts';
import { type AwsWaits } from './waits.ts';

/** What the stores on AWS are created from. */
export interface AwsStoreDependencies {
  readonly openSession: OpenSession;
  readonly provided: ProvidedCredentials;
  /** To whom the secrets belong, for those who find them in their account. */
  readonly owner: string;
  readonly clock: Clock;
  readonly waits: AwsWaits;
  readonly faults: FaultInjector;
}

/** Creates the stores of platform `aws-batch`. */
export function createAwsBatchStores(dependencies: AwsStoreDependencies): PlatformStores {
  const guard = new DeadManSwitches({ ...dependencies, lateMs: dependencies.waits.late });
  return {
    secrets: new AwsSecretsManager({ ...dependencies, guard }),
    jobDefinitions: new BatchJobDefinitions(dependencies),
    taskJobs: batchJobs(dependencies.openSession),
  };
}
