import { batchJobs } from '../../aws/batch/batch-jobs.ts';
import { usesInBatch } from '../../aws/batch/uses-of-secrets.ts';
import { ProvidedCredentials } from '../../aws/session/credentials.ts';
import { openSession } from '../../aws/session/session.ts';
import type { PlatformStores, StoreDependencies } from '../store.ts';
import { awsBatchConfiguration } from './configuration.ts';
import { DeadManSwitches } from './dead-man-switches.ts';
import { BatchJobDefinitions } from './job-definitions.ts';
import { AwsSecretsManager } from './secrets-manager.ts';
import { awsWaits, type AwsWaits } from './waits.ts';

/** Creates the stores of platform `aws-batch`. */
export function createAwsBatchStores(
  common: StoreDependencies,
  { waits = awsWaits }: { readonly waits?: AwsWaits | undefined } = {},
): PlatformStores {
  const dependencies = { ...common, openSession, provided: new ProvidedCredentials(), waits };
  const guard = new DeadManSwitches({ ...dependencies, lateMs: waits.late });
  return {
    secrets: new AwsSecretsManager({ ...dependencies, guard }),
    jobDefinitions: new BatchJobDefinitions(dependencies),
    taskJobs: batchJobs(openSession),
    usesOfSecrets: usesInBatch(openSession),
    configuration: awsBatchConfiguration,
  };
}
