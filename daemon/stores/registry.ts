import type { PlatformRules } from '../compute-envs/compute-environments.ts';
import type { ComputeEnvironment } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { createAwsBatchStores, type AwsStoreDependencies } from './aws/aws-batch.ts';
import { awsBatchRules } from './aws/settings.ts';
import { RunDirectorySecrets } from './run-directory-secrets.ts';
import type { LeaseRemover, PlatformStores } from './store.ts';

type Platform = ComputeEnvironment['platform'];

/** What the stores of all platforms are created from. */
export type StoreDependencies = AwsStoreDependencies;

/** The platforms: a line each. docs/contributing/adding-a-store.md tells how to add one. */
const PLATFORMS: Readonly<
  Record<
    Platform,
    { readonly rules: PlatformRules; readonly create: (dependencies: StoreDependencies) => PlatformStores }
  >
> = {
  hpc: { rules: { settings: null }, create: () => ({ secrets: new RunDirectorySecrets() }) },
  'aws-batch': { rules: awsBatchRules, create: createAwsBatchStores },
};

/** Which settings each platform takes, and what they must fulfil. */
export const platformRules = Object.fromEntries(
  Object.entries(PLATFORMS).map(([name, { rules }]) => [name, rules]),
) as Readonly<Record<Platform, PlatformRules>>;

/** Creates the stores of every platform. */
export function createStores(dependencies: StoreDependencies): ReadonlyMap<Platform, PlatformStores> {
  return new Map(
    Object.entries(PLATFORMS).map(([name, { create }]) => [name as Platform, create(dependencies)]),
  );
}

/** Returns the stores of one platform. */
export function storesOf(
  platforms: ReadonlyMap<Platform, PlatformStores>,
  platform: Platform,
): PlatformStores {
  const stores = platforms.get(platform);
  if (stores === undefined) throw new EscrowError('internal', `Platform ${platform} has no stores.`);
  return stores;
}

/** Everything that removes leases, by the kind that the ledger records. */
export function removersOf(
  platforms: ReadonlyMap<Platform, PlatformStores>,
  runDirectories: LeaseRemover,
): ReadonlyMap<string, LeaseRemover> {
  const removers = [...platforms.values()].flatMap(({ secrets: { objects }, jobDefinitions }) => [
    objects,
    objects?.guard,
    jobDefinitions,
  ]);
  return new Map(
    [runDirectories, ...removers].flatMap((one) => (one === undefined ? [] : [[one.kind, one]])),
  );
}
