import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { userScope } from '../../../daemon/access/scopes.ts';
import { batchJobs } from '../../../daemon/aws/batch/batch-jobs.ts';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { ProvidedCredentials } from '../../../daemon/aws/session/credentials.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';
import { createComputeEnvironment } from '../../../daemon/compute-envs/compute-environments.ts';
import type { AwsSettings, RunRequest } from '../../../daemon/contract/types.ts';
import { KeyedMutex } from '../../../daemon/system/keyed-mutex.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { openLedger } from '../../../daemon/ledger/open.ts';
import { noFaults } from '../../../daemon/system/steps.ts';
import { Runs } from '../../../daemon/runs/runs.ts';
import { JobStatusCache } from '../../../daemon/schedulers/job-status-cache.ts';
import { createScheduler } from '../../../daemon/schedulers/registry.ts';
import { BatchJobDefinitions } from '../../../daemon/stores/aws/job-definitions.ts';
import { awsWaits, type AwsWaits } from '../../../daemon/stores/aws/secrets-manager.ts';
import { DeadManSwitches } from '../../../daemon/stores/aws/dead-man-switches.ts';
import { NextflowStore } from '../../../daemon/stores/nextflow-store.ts';
import type { LeaseRemover } from '../../../daemon/stores/store.ts';
import { Keys } from '../../../daemon/vault/keys/keys.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { Vault } from '../../../daemon/vault/vault.ts';
import { root } from '../sandbox.ts';
import { temporaryDirectory } from '../temporary.ts';
import { storeFor } from './test-aws.ts';

/** The runs of a daemon within the test, whose clock can be set on. */
export interface RunsOnBatch {
  readonly runs: Runs;
  readonly launchDirectory: string;
  /** By so many milliseconds from the right time. */
  readonly jump: (ms: number) => void;
  /** A request for a run of the scripted nextflow in the compute environment `batch`. */
  readonly request: (script: string) => RunRequest;
}

export async function runsOnBatch(
  t: Test,
  settings: AwsSettings,
  {
    secrets: values = { FOO_KEY: 'value' },
    waits,
  }: { secrets?: Record<string, string>; waits?: AwsWaits } = {},
): Promise<RunsOnBatch> {
  const directory = temporaryDirectory(t);
  const launchDirectory = join(directory, 'launch');
  mkdirSync(launchDirectory);
  let offset = 0;
  const ledger = await openLedger(join(directory, 'ledger.db'));
  const user = machineUser();
  const vault = new Vault(ledger, new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined }));
  const own = await userScope(ledger.db, user);
  for (const [name, value] of Object.entries(values))
    await vault.set(user, own, name, new SecretValue(Buffer.from(value)));
  await createComputeEnvironment(ledger, user, { name: 'batch', platform: 'aws-batch', aws: settings });
  const store = new NextflowStore(join(directory, 'runs'));
  const provided = new ProvidedCredentials();
  const secrets = storeFor(provided, waits);
  const deadMan = new DeadManSwitches({ openSession, provided, clock: systemClock });
  const definitions = new BatchJobDefinitions({
    ...{ openSession, provided, clock: systemClock },
    waits: { ...awsWaits, apart: 0, settling: 0, ...waits },
  });
  const runs = new Runs({
    ledger,
    vault,
    stores: new Map<string, LeaseRemover>(
      [store, secrets, definitions, deadMan].map((one) => [one.kind, one]),
    ),
    runDirectories: store,
    secretsStore: ({ platform }) => (platform === 'aws-batch' ? secrets : store),
    deadMan,
    batchJobs: batchJobs(openSession),
    jobStatus: new JobStatusCache(createScheduler),
    submitting: new Set(),
    onLost: 'purge-now',
    defaultWorkspace: 'local/main',
    user,
    outputDirectory: join(directory, 'output'),
    faults: noFaults,
    removals: new KeyedMutex(),
    clock: () => new Date(Date.now() + offset),
    log: pino({ enabled: false }),
  });
  t.teardown(async () => {
    await runs.stop();
    await ledger.close();
  });
  return {
    runs,
    launchDirectory,
    jump: (ms) => (offset = ms),
    request: (script) => ({
      selection: {},
      launchDirectory,
      computeEnvironment: 'batch',
      nextflow: join(root, 'test/support/bin/nextflow'),
      arguments: ['run', script],
      localStore: null,
      launcher: identifySelf(),
      secretDelivery: { plugin: '1.0.0', reason: null, configPhase: false, environment: {}, restore: {} },
    }),
  };
}
