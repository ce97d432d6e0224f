import type { RunRequest, RunStart, SecretDelivery } from '../../contract/types.ts';
import { runFile } from '../../run-directory/layout.ts';
import type { PlannedRun } from '../plan/plan.ts';

/** A request, with what only the daemon adds to it. */
export interface StartableRequest extends RunRequest {
  /** Parameters of the pipeline as JSON. Nextflow reads them from a file of the run directory. */
  readonly parameters?: string;
}

/** Returns how the caller starts the shim. The environment contains a path, never a value. */
export function startOf(
  request: StartableRequest,
  directory: string,
  planned: PlannedRun,
  outputFile: string | null,
): NonNullable<RunStart['start']> {
  // With -C, Nextflow reads the named files and no others.
  const option = request.arguments.includes('-C') ? '-C' : '-c';
  const configuration = planned.overlay === undefined ? [] : [option, runFile(directory, 'overlay')];
  const parameters =
    request.parameters === undefined ? [] : ['-params-file', runFile(directory, 'parameters')];
  const mode = request.arguments.includes('-bg') ? 'bg' : 'fg';
  return {
    directory,
    command: runFile(directory, 'shim'),
    arguments: [directory, mode, request.nextflow, ...configuration, ...request.arguments, ...parameters],
    environment: variablesOf(request, directory, planned),
    ...(planned.environment.headJob === true ? { environmentFile: runFile(directory, 'environment') } : {}),
    ...(outputFile === null ? {} : { outputFile }),
  };
}

/**
 * Returns whether the plugin only verifies that Nextflow's own store has the secrets that processes declare: the run has no
 * secrets of ours, and the user did not decide that with `--no-secrets`.
 */
export function usesOwnStore(
  { selection, command }: RunRequest,
  { plan, secretDelivery }: PlannedRun,
): boolean {
  return (
    plan.store === null && selection.none !== true && command === undefined && secretDelivery.plugin !== null
  );
}

/**
 * Returns the variables of a run. With secrets, NXF_SECRETS_FILE points into the run directory even with the plugin: if the plugin
 * is not loaded, secrets are missing. Otherwise Nextflow would fall back to the user's own store.
 */
function variablesOf(request: RunRequest, directory: string, planned: PlannedRun): Record<string, string> {
  const { plugin, environment } = planned.secretDelivery;
  const withPlugin = { ...environment, NF_ESCROW_RUN: directory };
  if (usesOwnStore(request, planned)) return withPlugin;
  if (planned.plan.store === null) return identityOf(planned.secretDelivery);
  const store = { NXF_SECRETS_FILE: runFile(directory, 'store') };
  return plugin === null ? store : { ...store, ...withPlugin };
}

/** Returns the variables that select the head's AWS identity. */
function identityOf({ environment }: SecretDelivery): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('NXF_')));
}
