import type { ComputeEnvironment, ComputeEnvironmentList, RunRequest } from '../../contract/types.ts';
import type { Context } from '../context.ts';

type Prepare = (
  context: Context,
  request: RunRequest,
  environment: ComputeEnvironment,
) => Promise<RunRequest>;

/** Preparations of the platforms that need any. Loaded when a run uses the platform. */
const PREPARATIONS: Partial<Record<ComputeEnvironment['platform'], () => Promise<Prepare>>> = {
  'aws-batch': async () => (await import('./aws/prepare-for-aws-batch.ts')).prepareForAwsBatch,
};

/** Completes a request with what the platform of its compute environment needs. Most platforms need nothing. */
export async function prepareForPlatform(context: Context, request: RunRequest): Promise<RunRequest> {
  const daemon = await context.daemon();
  const { computeEnvironments } = await daemon.call<ComputeEnvironmentList>('GET', '/v1/compute-envs');
  const wanted = request.computeEnvironment;
  const found = computeEnvironments.find(({ name, isDefault }) =>
    wanted === undefined ? isDefault : name === wanted,
  );
  const prepare = found === undefined ? undefined : await PREPARATIONS[found.platform]?.();
  return found === undefined || prepare === undefined ? request : prepare(context, request, found);
}
