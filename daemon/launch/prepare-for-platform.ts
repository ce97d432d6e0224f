import type { ComputeEnvironment } from '../contract/types.ts';
import type { BuiltRequest } from './built-request.ts';
import type { LaunchContext } from './launch-context.ts';

type Prepare = (
  context: LaunchContext,
  built: BuiltRequest,
  environment: ComputeEnvironment,
) => Promise<BuiltRequest>;

/** Preparations of the platforms that need any. Loaded when a run uses the platform. */
const PREPARATIONS: Partial<Record<ComputeEnvironment['platform'], () => Promise<Prepare>>> = {
  'aws-batch': async () => (await import('./aws/prepare-for-aws-batch.ts')).prepareForAwsBatch,
};

/**
 * Completes a request with what the platform of its compute environment needs. Most platforms need nothing. Without the
 * environment, returns the request unchanged: the daemon reports the error.
 */
export async function prepareForPlatform(
  context: LaunchContext,
  built: BuiltRequest,
  computeEnvironments: readonly ComputeEnvironment[],
): Promise<BuiltRequest> {
  const wanted = built.request.computeEnvironment;
  const found = computeEnvironments.find(({ name, isDefault }) =>
    wanted === undefined ? isDefault : name === wanted,
  );
  // A command that runs no task needs nothing of the platform.
  const isNeeded = found !== undefined && built.request.command === undefined;
  const prepare = isNeeded ? await PREPARATIONS[found.platform]?.() : undefined;
  return found === undefined || prepare === undefined ? built : prepare(context, built, found);
}
