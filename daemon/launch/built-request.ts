import type { RunRequest } from '../contract/types.ts';
import type { Launcher } from '../nextflow/launcher/version.ts';

/** A request, and the facts about its nextflow, which are read once per launch. */
export interface BuiltRequest {
  readonly request: RunRequest;
  readonly launcher: Launcher;
  /** Warnings for the person who starts the run. */
  readonly warnings: readonly string[];
}
