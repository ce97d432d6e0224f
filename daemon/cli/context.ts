import type { Client } from '../client/client.ts';
import type { Settings } from '../config/settings.ts';

/** What main hands to the commands. Each part is loaded when it is asked for. */
export interface Context {
  readonly settings: Settings;
  readonly version: string;
  /** The daemon's client; its first call starts the daemon where none answers. */
  readonly daemon: () => Promise<Client>;
  /** As `daemon`, but undefined where none answers. */
  readonly daemonIfRunning: () => Promise<Client | undefined>;
  /** Becomes the daemon; resolves when it has ended. */
  readonly serve: () => Promise<void>;
  /** What we know of Nextflow. */
  readonly nextflow: () => Promise<NextflowKnowledge>;
}

export interface NextflowKnowledge {
  readonly findNextflow: (named: string | undefined, env: NodeJS.ProcessEnv) => string;
  readonly findLocalStore: (env: NodeJS.ProcessEnv) => string | null;
  readonly arrange: (rest: readonly string[]) => { arguments: string[]; background: boolean };
}
