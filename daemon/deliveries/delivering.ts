import type { Logger } from 'pino';
import type { TeamLimits } from '../access/limits/team-limits.ts';
import type { ServerEnvironmentRules } from '../compute-envs/server-environments.ts';
import type { ComputeEnvironment, ServerEnvironment } from '../contract/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { DELIVERY_SECONDS } from '../releases/delivery-rows.ts';
import type { LeaseRemover, PlatformStores } from '../stores/store.ts';
import type { FaultInjector } from '../system/steps.ts';
import type { Vault } from '../vault/vault.ts';
import type { DeliveryClaims } from './claims.ts';

/** What deliveries of a team server need. */
export interface Delivering {
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly faults: FaultInjector;
  /** Absent without limits. */
  readonly limits?: TeamLimits;
  readonly claims: DeliveryClaims;
  /** The stores of the platform of compute environments on a server. */
  readonly stores: PlatformStores;
  /** The removers of leases, by kind. */
  readonly removers: ReadonlyMap<string, LeaseRemover>;
  /** Returns a compute environment of a workspace with the identity of the server. Throws `compute-environment-invalid`. */
  readonly complete: (environment: ServerEnvironment) => ComputeEnvironment;
  readonly rules: ServerEnvironmentRules;
  /** Marks the objects of this server, for others who find them in their account. */
  readonly owner: string;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Called after a change that a replica should act on soon. */
  readonly wake: () => void;
  /** Default: `leaseTimes`. Tests shorten them. */
  readonly times?: LeaseTimes;
}

/** Times of leases that a server holds, in seconds. */
export interface LeaseTimes {
  /** From a report of the daemon until the lease expires. */
  readonly lease: number;
  /** Time by which unfinished jobs extend an expired lease. */
  readonly extension: number;
  /** Interval between renewals of the expiry that is stored with the objects. */
  readonly renewal: number;
  /** Time after which a delivery whose replica no longer creates it is removed. Longer than its creation takes. */
  readonly creation: number;
}

export const leaseTimes: LeaseTimes = {
  ...{ lease: DELIVERY_SECONDS, extension: 3600, renewal: 12 * 3600 },
  creation: 60,
};

/** Returns the current time of the ledger, plus seconds, in its format (ISO 8601, UTC). */
export function timeIn({ clock }: Pick<Ledger, 'clock'>, plusSeconds = 0): string {
  return new Date(clock.now() + plusSeconds * 1000).toISOString();
}
