import type { Client } from '../api-client/client.ts';
import type { Settings } from '../config/settings.ts';
import type { DaemonOptions } from '../daemon.ts';

/** What main.ts passes to every command. What only some commands need, they import themselves when they run. */
export interface Context {
  /** Throws where they are invalid: help and doctor work even then. */
  readonly settings: Settings;
  readonly assertSettings: () => void;
  readonly version: string;
  /** Absolute path of the program itself. */
  readonly program: string;
  /** The daemon's client; its first call starts the daemon where none answers. */
  readonly daemon: () => Promise<Client>;
  /** As `daemon`, but undefined where none answers. */
  readonly daemonIfRunning: () => Promise<Client | undefined>;
  /** Starts the daemon on this host, instead of on one that no longer responds. */
  readonly takeOver: () => Promise<void>;
  /** Starts a daemon that does not exit when it is idle. */
  readonly startPersistent: () => Promise<void>;
  /** Becomes the daemon; resolves when it has ended. */
  readonly serve: (how: Serving) => Promise<void>;
}

/** How `nf-escrow daemon run` serves. */
export interface Serving extends Required<Pick<DaemonOptions, 'takeOver' | 'stay'>> {
  /** A file descriptor on which it reports why it cannot start. */
  readonly tell: number | undefined;
}
