import type { RunRequest } from '../contract/types.ts';
import type { Launcher } from '../nextflow/launcher/version.ts';
import type { BuiltRequest } from './built-request.ts';
import type { LaunchContext } from './launch-context.ts';
import type { NextflowModules } from './nextflow-modules.ts';

/** Builds a request from the directory and environment of this process. `own`: what the person requested of nf-escrow. */
export async function buildRequest(
  { settings }: LaunchContext,
  modules: NextflowModules,
  args: readonly string[],
  nextflow: string,
  own: Partial<RunRequest> = {},
): Promise<BuiltRequest> {
  const launchDirectory = process.cwd();
  const { env } = process;
  const { state } = settings.paths;
  const job = modules.enclosingJob(env);
  const launcher = await findLauncher(modules, nextflow, { cwd: launchDirectory, state });
  const request: RunRequest = {
    workspace: settings.workspace,
    ...(settings.computeEnvironment === undefined ? {} : { computeEnvironment: settings.computeEnvironment }),
    selection: {},
    launchDirectory,
    nextflow,
    arguments: [...args],
    localStore: modules.findLocalStore(env),
    secretDelivery: modules.chooseSecretDelivery({
      ...{ nextflow, launcher, arguments: args, directory: launchDirectory, state, env },
      sharedPlugins: settings.pluginsDirectory,
    }),
    logFile: modules.expectedLog(launchDirectory, args, env),
    launcher: modules.identifySelf(),
    ...(job === undefined ? {} : { enclosingJob: job }),
    ...own,
  };
  return { request, launcher, warnings: [] };
}

/** Asks the launcher for its version only if the plugin would be used otherwise, because the answer takes as long as a JVM. */
async function findLauncher(
  { readLauncher, askLauncher, whyPluginUnusable }: NextflowModules,
  nextflow: string,
  where: { readonly cwd: string; readonly state: string },
): Promise<Launcher> {
  const { env } = process;
  const launcher = readLauncher(nextflow, env);
  return whyPluginUnusable(launcher, env) === undefined
    ? askLauncher(nextflow, launcher, { env, ...where })
    : launcher;
}
