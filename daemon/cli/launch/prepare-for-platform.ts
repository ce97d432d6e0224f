import type { ComputeEnvironment, ComputeEnvironmentList, RunRequest } from '../../contract/types.ts';
import type { Context } from '../context.ts';
import type { BuiltRequest } from './built-request.ts';

type Prepare = (
  context: Context,
  built: BuiltRequest,
  environment: ComputeEnvironment,
) => Promise<RunRequest>;

/** Preparations of the platforms that need any. Loaded when a run uses the platform. */
const PREPARATIONS: Partial<Record<ComputeEnvironment['platform'], () => Promise<Prepare>>> = {
  'aws-batch': async () => (await import('./aws/prepare-for-aws-batch.ts')).prepareForAwsBatch,
};

/**
 * Builds a request and completes it with what the platform of its compute environment needs. Most platforms need nothing. Asks the
 * daemon for the compute environments first: building the request takes about as long as the answer.
 */
export async function prepareForPlatform(
  context: Context,
  buildRequest: () => BuiltRequest,
): Promise<BuiltRequest> {
  const daemon = await context.daemon();
  const [{ computeEnvironments }, built] = await Promise.all([
    daemon.call<ComputeEnvironmentList>('GET', '/v1/compute-envs'),
    nextTurn().then(buildRequest), // by then the request is sent
  ]);
  const wanted = built.request.computeEnvironment;
  const found = computeEnvironments.find(({ name, isDefault }) =>
    wanted === undefined ? isDefault : name === wanted,
  );
  const prepare = found === undefined ? undefined : await PREPARATIONS[found.platform]?.();
  if (found === undefined || prepare === undefined) return built;
  return { ...built, request: await prepare(context, built, found) };
}

/** Not from node:timers/promises, because every run would pay for loading it. */
async function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
