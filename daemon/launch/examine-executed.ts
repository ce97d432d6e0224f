import type { RunRequest } from '../contract/types.ts';
import { examineExecution } from '../nextflow/executed/examine.ts';
import { ownPluginsDirectory } from '../nextflow/plugin/plugins-directory.ts';
import { trustedOwners } from '../system/files/trust/trusted-owners.ts';
import { readUmask } from '../system/processes/umask.ts';
import type { BuiltRequest } from './built-request.ts';
import type { LaunchContext } from './launch-context.ts';

/**
 * Adds to a request which files that the run executes can be changed by other users, given this process's directory, umask
 * and environment, and where Nextflow's work directory will be.
 */
export function examineExecuted(
  { settings }: LaunchContext,
  { request, launcher }: BuiltRequest,
): RunRequest {
  const { nextflow, arguments: args, launchDirectory: directory, secretDelivery, configured } = request;
  const env = process.env;
  const { places, workDirectory } = examineExecution({
    nextflow,
    launcher,
    arguments: args,
    directory,
    env,
    umask: readUmask(),
    plugins: secretDelivery?.environment['NXF_PLUGINS_DIR'] ?? ownPluginsDirectory({ env, directory }),
    workDir: configured?.workDir,
    owners: trustedOwners(settings.trustedOwners),
  });
  return {
    ...request,
    ...(workDirectory === undefined ? {} : { workDirectory }),
    writableByOthers: { policy: settings.writableByOthers, places },
  };
}
