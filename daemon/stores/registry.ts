import type { PlatformRules } from '../compute-envs/compute-environments.ts';
import type { ComputeEnvironment, ServerEnvironment } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { createAwsBatchStores } from './aws/aws-batch.ts';
import { awsBatchOnServer } from './aws/server-platform.ts';
import { awsBatchRules } from './aws/settings.ts';
import type { AwsWaits } from './aws/waits.ts';
import { RunDirectorySecrets } from './run-directory-secrets.ts';
import type { LeaseRemover, PlatformStores, ServerPlatform, StoreDependencies } from './store.ts';

type Platform = ComputeEnvironment['platform'];

/** The platforms of compute environments that belong to a team server. */
export const serverPlatforms: Readonly<Record<ServerEnvironment['platform'], ServerPlatform>> = {
  'aws-batch': awsBatchOnServer,
};

/** Settings of stores that tests replace. */
export interface StoreOptions {
  readonly waits?: AwsWaits | undefined;
}

/** The supported platforms, one line each. */
const PLATFORMS: Readonly<
  Record<
    Platform,
    {
      readonly rules: PlatformRules;
      readonly create: (dependencies: StoreDependencies, options: StoreOptions) => PlatformStores;
    }
  >
> = {
  hpc: { rules: { settings: null }, create: () => ({ secrets: new RunDirectorySecrets() }) },
  'aws-batch': { rules: awsBatchRules, create: createAwsBatchStores },
};

/** Rules for the settings of each platform. */
export const platformRules = Object.fromEntries(
  Object.entries(PLATFORMS).map(([name, { rules }]) => [name, rules]),
) as Readonly<Record<Platform, PlatformRules>>;

/** Returns the environment without the settings of its platform, for a command that runs on this host and submits nothing. */
export function onThisHost(environment: ComputeEnvironment): ComputeEnvironment {
  const settings = Object.values(platformRules).flatMap((rules) => rules.settings ?? []);
  const kept = Object.entries(environment).filter(([key]) => !settings.some((name) => name === key));
  return { ...(Object.fromEntries(kept) as ComputeEnvironment), platform: 'hpc', headJob: false };
}

/** Creates the stores of every platform. */
export function createStores(
  dependencies: StoreDependencies,
  options: StoreOptions = {},
): ReadonlyMap<Platform, PlatformStores> {
  return new Map(
    Object.entries(PLATFORMS).map(([name, { create }]) => [name as Platform, create(dependencies, options)]),
  );
}

/** Returns the stores of one platform. */
export function storesOf(
  platforms: ReadonlyMap<Platform, PlatformStores>,
  platform: Platform,
): PlatformStores {
  const stores = platforms.get(platform);
  if (stores === undefined)
    throw new EscrowError('internal', `Cannot find the stores of platform ${platform}.`);
  return stores;
}

/** Returns everything that removes leases, by the lease kind in the ledger. `others`: removers that belong to no platform. */
export function removersOf(
  platforms: ReadonlyMap<Platform, PlatformStores>,
  others: readonly LeaseRemover[],
): ReadonlyMap<string, LeaseRemover> {
  const removers = [...platforms.values()].flatMap(({ secrets: { objects }, jobDefinitions }) => [
    objects,
    objects?.guard,
    jobDefinitions,
  ]);
  return new Map([...others, ...removers].flatMap((one) => (one === undefined ? [] : [[one.kind, one]])));
}
