import type { RunRequest } from '../../contract/types.ts';
import type { BuiltRequest } from '../../launch/built-request.ts';
import { prepareForPlatform } from '../../launch/prepare-for-platform.ts';
import type { Context } from '../context.ts';
import { warn } from '../io/output.ts';
import { environmentsOfRun } from './environments-of-run.ts';

/**
 * Builds a request and completes it with what the platform of its compute environment needs. Asks the daemon for the compute
 * environments first: building the request takes about as long as the answer.
 */
export async function buildForPlatform(
  context: Context,
  buildRequest: () => Promise<BuiltRequest>,
  options: Pick<Partial<RunRequest>, 'workspace' | 'computeEnvironment'> = {},
): Promise<BuiltRequest> {
  await context.daemon();
  const { workspace, computeEnvironment } = context.settings;
  const wanted = {
    workspace,
    ...(computeEnvironment === undefined ? {} : { computeEnvironment }),
    ...options,
  };
  const [computeEnvironments, built] = await Promise.all([
    environmentsOfRun(context, wanted),
    nextTurn().then(buildRequest), // by then the request is sent
  ]);
  const prepared = await prepareForPlatform(context, built, computeEnvironments);
  for (const warning of prepared.warnings) warn(warning);
  return prepared;
}

/** Not from node:timers/promises, because every run would pay for loading it. */
async function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
