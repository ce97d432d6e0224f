import type { Launcher } from './version.ts';

/** The parts of a launch that decide how its tasks get their secrets. */
export interface Launch {
  readonly nextflow: string;
  /** Nextflow's arguments. */
  readonly arguments: readonly string[];
  readonly directory: string;
  /** nf-escrow's state directory. */
  readonly state: string;
  /** A directory with plugins for the runs of all users. */
  readonly sharedPlugins?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Facts about `nextflow`, if they have been read. */
  readonly launcher?: Launcher;
}
