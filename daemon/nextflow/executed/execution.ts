import type { TrustedOwners } from '../../system/files/trust/trusted-owners.ts';
import type { Launcher } from '../launcher/version.ts';

/** The launch whose files are examined. */
export interface Execution {
  readonly nextflow: string;
  /** Nextflow's arguments. May name no pipeline. */
  readonly arguments: readonly string[];
  /** The launch directory. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly umask: number;
  /** Accounts besides the user and root that may own and write to what the run executes. */
  readonly owners: TrustedOwners;
  /** The directory from which plugins are loaded. */
  readonly plugins: string;
  /** Facts about `nextflow`, if they have been read. */
  readonly launcher?: Launcher;
  /** The work directory in the configuration, if Nextflow has evaluated it. */
  readonly workDir?: string | undefined;
}
