import { pino } from 'pino';
import { machineUser } from '../../daemon/access/principal.ts';
import type { Ledger } from '../../daemon/ledger/ledger.ts';
import { RunDirectories } from '../../daemon/run-directory/run-directories.ts';
import type { RunDependencies } from '../../daemon/runs/dependencies.ts';
import { RunRedactors } from '../../daemon/runs/records/run-redactors.ts';
import { JobStatusCache } from '../../daemon/schedulers/job-status-cache.ts';
import { createScheduler } from '../../daemon/schedulers/create-scheduler.ts';
import { HeldDeliveries } from '../../daemon/sources/held-deliveries.ts';
import { ServerSource } from '../../daemon/sources/server-source.ts';
import { vaultSource } from '../../daemon/sources/vault-source.ts';
import { awsWaits, type AwsWaits } from '../../daemon/stores/aws/waits.ts';
import { onThisHost, createStores, removersOf, storesOf } from '../../daemon/stores/registry.ts';
import { KeyedMutex } from '../../daemon/system/keyed-mutex.ts';
import { noFaults } from '../../daemon/system/steps.ts';
import { systemClock } from '../../daemon/system/time/clock.ts';
import type { Vault } from '../../daemon/vault/vault.ts';

/** Waits for AWS that a test can bear. */
export const shortAwsWaits: AwsWaits = {
  ...awsWaits,
  asking: 1500,
  placing: 5000,
  late: 0,
  apart: 0,
  settling: 0,
};

/** What a daemon's runs depend on, composed as daemon.ts does; `others` replaces parts of it. */
export function runDependencies(
  ledger: Ledger,
  vault: Vault,
  { runs, output }: { readonly runs: string; readonly output: string },
  { waits = shortAwsWaits, ...others }: Partial<RunDependencies> & { readonly waits?: AwsWaits } = {},
): RunDependencies {
  const faults = others.faults ?? noFaults;
  const runDirectories = new RunDirectories(runs, faults);
  const platforms = createStores({ owner: 'ada', clock: systemClock, faults }, { waits });
  return {
    ledger,
    source: vaultSource(vault),
    servers: new ServerSource({ ledger, servers: () => [], faults }),
    platforms,
    platformOf: ({ platform }) => storesOf(platforms, platform),
    onThisHost,
    removers: removersOf(platforms, [
      runDirectories,
      new HeldDeliveries({ ledger, clock: systemClock, faults }),
    ]),
    runDirectories,
    jobStatus: new JobStatusCache(createScheduler),
    submitting: new Set(),
    onLost: 'purge-now',
    defaultWorkspace: 'local/main',
    user: machineUser(),
    outputDirectory: output,
    faults,
    removals: new KeyedMutex(),
    reading: new KeyedMutex(),
    redactors: new RunRedactors(),
    clock: () => new Date(),
    log: pino({ enabled: false }),
    ...others,
  };
}
