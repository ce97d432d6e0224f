import type { Logger } from 'pino';
import type { Principal } from '../access/principal.ts';
import type { AllPlatformRules } from '../compute-envs/compute-environments.ts';
import type { DaemonStatus } from '../contract/types.ts';
import type { AllPlatformChecks } from '../doctor/platform-checks.ts';
import type { Ledger } from '../ledger/open.ts';
import type { Runs } from '../runs/runs.ts';
import type { Vault } from '../vault/vault.ts';

/** The parts of the daemon that the API serves. daemon.ts assembles them. */
export interface Served {
  readonly version: string;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly runs: Runs;
  /** The user of this daemon. */
  readonly user: Principal;
  readonly log: Logger;
  readonly platformRules: AllPlatformRules;
  readonly platformChecks: AllPlatformChecks;
  readonly status: () => DaemonStatus;
  /** Starts a graceful shutdown of the daemon. Called after the response is sent. */
  readonly stop: () => void;
  /** Called at each request, to restart the daemon's idle timer. */
  readonly touched: () => void;
}
