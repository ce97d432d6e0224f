import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { userScope } from '../../../daemon/access/scopes.ts';
import { createComputeEnvironment } from '../../../daemon/compute-envs/compute-environments.ts';
import type { AwsSettings, RunRequest } from '../../../daemon/contract/types.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { Runs } from '../../../daemon/runs/runs.ts';
import { type AwsWaits } from '../../../daemon/stores/aws/waits.ts';
import { Keys } from '../../../daemon/vault/keys/keys.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { Vault } from '../../../daemon/vault/vault.ts';
import { root } from '../sandbox.ts';
import { temporaryDirectory } from '../temporary.ts';
import { platformRules } from '../../../daemon/stores/registry.ts';
import { runDependencies, shortAwsWaits } from '../run-dependencies.ts';

/** Runs in this process, with a clock that can be moved forward. */
export interface RunsOnBatch {
  readonly runs: Runs;
  readonly launchDirectory: string;
  /** Sets the offset from the real time, in milliseconds. */
  readonly jump: (ms: number) => void;
  /** Returns a request for a run of the fake nextflow in the compute environment `batch`. */
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
  await createComputeEnvironment(ledger, platformRules, user, {
    name: 'batch',
    platform: 'aws-batch',
    aws: settings,
  });
  const where = { runs: join(directory, 'runs'), output: join(directory, 'output') };
  const runs = new Runs(
    runDependencies(ledger, vault, where, {
      waits: { ...shortAwsWaits, ...waits },
      clock: () => new Date(Date.now() + offset),
    }),
  );
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
