import type { Logger } from 'pino';
import { asComputeEnvironment } from '../compute-envs/server-environments.ts';
import { localClaims, sharedClaims } from '../deliveries/claims.ts';
import type { Delivering, LeaseTimes } from '../deliveries/delivering.ts';
import { DeliveryUpkeep } from '../deliveries/upkeep.ts';
import { createStores, serverPlatforms, storesOf, type StoreOptions } from '../stores/registry.ts';
import type { FaultInjector } from '../system/steps.ts';
import { systemClock } from '../system/time/clock.ts';
import type { Vault } from '../vault/vault.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import type { ServerLedger } from './ledger/server-ledger.ts';
import { claimsOf } from './shared-work.ts';

const [PLATFORM] = Object.keys(serverPlatforms) as [keyof typeof serverPlatforms];

/** Times that tests shorten. */
export interface DeliveryTimes extends StoreOptions {
  readonly lease?: LeaseTimes | undefined;
  readonly roundMs?: number | undefined;
  /** Of a claim on PostgreSQL. */
  readonly claimSeconds?: number | undefined;
}

/** What deliveries are composed of. */
interface Parts {
  readonly settings: Pick<ServerSettings, 'awsAccounts' | 'limits' | 'publicUrl'>;
  readonly store: Pick<ServerLedger, 'ledger' | 'postgres'>;
  readonly vault: Vault;
  readonly faults: FaultInjector;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly times?: DeliveryTimes | undefined;
}

/** Composes what a server itself delivers to runs, and its upkeep, which the caller starts. */
export function composeDeliveries({ settings, store, vault, faults, log, times = {} }: Parts): {
  readonly deliveries: Delivering;
  readonly upkeep: DeliveryUpkeep;
} {
  const { ledger, postgres } = store;
  const owner = settings.publicUrl.host;
  const all = createStores({ owner, clock: systemClock, faults }, { waits: times.waits });
  const stores = storesOf(all, PLATFORM);
  const { objects } = stores.secrets;
  const deliveries: Delivering = {
    ...{ ledger, vault, faults, limits: settings.limits, stores, owner, log },
    claims:
      postgres === undefined ? localClaims(ledger) : sharedClaims(claimsOf(postgres, times.claimSeconds)),
    removers: new Map(objects === undefined ? [] : [[objects.kind, objects]]),
    complete: (environment) => ({
      ...asComputeEnvironment(environment),
      ...serverPlatforms[environment.platform].complete(environment.workspace, environment, settings),
    }),
    rules: {
      assertPermitted: (workspace, input) => {
        serverPlatforms[input.platform].complete(workspace, input, settings);
      },
      ownResource: (input) => serverPlatforms[input.platform].ownResource(input),
    },
    wake: () => {
      upkeep.wake();
    },
    ...(times.lease === undefined ? {} : { times: times.lease }),
  };
  const upkeep = new DeliveryUpkeep(deliveries, { roundMs: times.roundMs });
  return { deliveries, upkeep };
}
