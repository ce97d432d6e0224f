import type { Client } from '../api-client/client.ts';
import type { Settings } from '../config/settings.ts';
import type { DaemonOptions } from '../daemon.ts';
import type { ServerSettings } from '../server/configuration/server-settings.ts';
import type { FaultInjector } from '../system/steps.ts';

/** What main.ts passes to every command. A command imports everything else when it runs. */
export interface Context {
  /** Throws if they are invalid. Help and doctor work even then. */
  readonly settings: Settings;
  /** Throws `config-invalid` if the settings are invalid. */
  readonly assertSettings: () => void;
  readonly version: string;
  /** The command line that starts nf-escrow from any directory: absolute paths. */
  readonly command: readonly [string, ...string[]];
  /** The daemon's client. Its first call starts the daemon if none answers. */
  readonly daemon: () => Promise<Client>;
  /** Like `daemon`, but returns undefined if none answers. */
  readonly daemonIfRunning: () => Promise<Client | undefined>;
  /** Starts the daemon on this host and takes the ledger over from a host that no longer responds. */
  readonly takeOver: () => Promise<void>;
  /** Starts a daemon that does not exit when it is idle. */
  readonly startPersistent: () => Promise<void>;
  /** Runs the daemon in this process. Resolves when it has shut down. */
  readonly serve: (how: Serving) => Promise<void>;
  /** Runs a team server in this process. Resolves when it has shut down. */
  readonly serveTeam: (settings: ServerSettings) => Promise<void>;
  /** Interrupts the steps of commands that change a ledger themselves, in tests. */
  readonly faults?: FaultInjector | undefined;
}

/** Options of `nf-escrow daemon run`. */
export interface Serving extends Required<Pick<DaemonOptions, 'takeOver' | 'stay'>> {
  /** File descriptor on which the daemon reports why it cannot start. */
  readonly tell: number | undefined;
}
