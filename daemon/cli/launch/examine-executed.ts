import type { RunRequest, WritablePlace } from '../../contract/types.ts';
import { examineExecution } from '../../nextflow/executed/examine.ts';
import { ownPluginsDirectory } from '../../nextflow/plugin/plugins-directory.ts';
import { readUmask } from '../../system/processes/umask.ts';
import type { Context } from '../context.ts';

/** Adds to a request what others can change of what the run executes, as this process's directory, umask and environment say. */
export function examineExecuted({ settings }: Context, request: RunRequest): RunRequest {
  const { nextflow, arguments: args, launchDirectory: directory, secretDelivery, configured } = request;
  const env = process.env;
  const places: WritablePlace[] = examineExecution({
    nextflow,
    arguments: args,
    directory,
    env,
    umask: readUmask(),
    plugins: secretDelivery?.environment['NXF_PLUGINS_DIR'] ?? ownPluginsDirectory({ env, directory }),
    workDir: configured?.workDir,
  });
  return { ...request, writableByOthers: { policy: settings.writableByOthers, places } };
}
