import type { Plan, RunRequest, WritablePlace } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import { warn } from '../io/output.ts';

/** Adds to a request what others can change of what the run executes, as this process's directory, umask and environment say. */
export async function examineExecuted(context: Context, request: RunRequest): Promise<RunRequest> {
  const [{ examineExecution }, { ownPluginsDirectory }, { readUmask }] = await Promise.all([
    import('../../nextflow/executed/examine.ts'),
    import('../../nextflow/plugin/plugins-directory.ts'),
    import('../../system/processes/umask.ts'),
  ]);
  const { nextflow, arguments: args, launchDirectory: directory, secretDelivery, configured } = request;
  const env = process.env;
  const places = examineExecution({
    nextflow,
    arguments: args,
    directory,
    env,
    umask: readUmask(),
    plugins: secretDelivery?.environment['NXF_PLUGINS_DIR'] ?? ownPluginsDirectory({ env, directory }),
    workDir: configured?.workDir,
  });
  return { ...request, writableByOthers: { policy: context.settings.writableByOthers, places } };
}

/** Warns of each place, once. */
export function warnOfWritablePlaces({ writableByOthers = [] }: Plan): void {
  for (const place of writableByOthers) warn(describePlace(place));
}

/** A place in one line: what it is, who can change it, and what to do. */
export function describePlace({ uses, path, why, remedy }: WritablePlace): string {
  return `${uses.join(', ')} "${path}" ${why}. ${remedy}`;
}
