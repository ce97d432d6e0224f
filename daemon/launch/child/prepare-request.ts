import { findNextflow } from '../../nextflow/launcher/find.ts';
import { buildRequest } from '../build-request.ts';
import { examineExecuted } from '../examine-executed.ts';
import { launchArguments } from '../launch-arguments.ts';
import { loadNextflowModules } from '../nextflow-modules.ts';
import { prepareForPlatform } from '../prepare-for-platform.ts';
import { processLimits } from '../../system/processes/process-limits.ts';
import type { ChildTasks, PreparedRequest } from './tasks.ts';

/**
 * Builds the request for a run from the directory, environment and umask of this process, like `nf-escrow run`. Throws
 * `nextflow-missing`, `compute-environment-invalid`, `config-invalid`, …
 */
export async function prepareRequest({
  context,
  launch,
  environment,
}: ChildTasks['request']['input']): Promise<PreparedRequest> {
  const modules = await loadNextflowModules();
  const nextflow = findNextflow(context.settings.nextflow, process.env);
  const own = {
    ...(launch.workspace === undefined ? {} : { workspace: launch.workspace }),
    computeEnvironment: environment.name,
    selection: launch.selection ?? {},
    detach: true,
  };
  const built = await buildRequest(context, modules, launchArguments(launch), nextflow, own);
  const prepared = await prepareForPlatform(context, built, [environment]);
  const killers = environment.headJob === true ? [] : processLimits({ atLogout: true });
  const limits = killers.map((killer) => `the host of the daemon ${killer}, including nextflow`);
  return { request: examineExecuted(context, prepared), warnings: [...prepared.warnings, ...limits] };
}
