import type { Settings } from '../config/settings.ts';

/** What the preparation of a launch needs besides the current directory and environment. */
export interface LaunchContext {
  readonly settings: Pick<
    Settings,
    | 'workspace'
    | 'computeEnvironment'
    | 'nextflow'
    | 'writableByOthers'
    | 'trustedOwners'
    | 'pluginsDirectory'
  > & { readonly paths: Pick<Settings['paths'], 'state'> };
  /** The command line that starts nf-escrow from any directory: absolute paths. */
  readonly command: readonly [string, ...string[]];
}

/** Returns what a launch needs of the settings. A child process receives it, and must not receive more. */
export function launchContextOf(settings: Settings, command: LaunchContext['command']): LaunchContext {
  const {
    workspace,
    computeEnvironment,
    nextflow,
    writableByOthers,
    trustedOwners,
    pluginsDirectory,
    paths,
  } = settings;
  const own = { workspace, computeEnvironment, nextflow, writableByOthers, trustedOwners, pluginsDirectory };
  return { settings: { ...own, paths: { state: paths.state } }, command };
}
