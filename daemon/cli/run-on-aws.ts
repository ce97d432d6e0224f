import type { ComputeEnvironmentList, RunRequest } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Context, NextflowKnowledge } from './context.ts';

/** What nf-escrow-aws extends is there since then. */
const OLDEST = [25, 10] as const;

/**
 * Completes a request that goes to AWS Batch by what is configured already; any other stays as it is. Throws
 * `compute-environment-unfit` for a Nextflow that is too old for secrets on AWS Batch.
 */
export async function completeForAws(
  context: Context,
  { readConfiguration, versionOf, carryOnAws, assumeInHead }: NextflowKnowledge,
  request: RunRequest,
): Promise<RunRequest> {
  const daemon = await context.daemon();
  const { computeEnvironments } = await daemon.call<ComputeEnvironmentList>('GET', '/v1/compute-envs');
  const wanted = request.computeEnvironment;
  const found = computeEnvironments.find(({ name, isDefault }) =>
    wanted === undefined ? isDefault : name === wanted,
  );
  if (found?.platform !== 'aws-batch') return request;
  const version = versionOf(request.nextflow, process.env);
  const [year = 0, month = 0] = (version ?? '').split('.').map(Number);
  if (version !== undefined && (year < OLDEST[0] || (year === OLDEST[0] && month < OLDEST[1])))
    throw new EscrowError(
      'compute-environment-unfit',
      `${request.nextflow} is Nextflow ${version}, whose executor for AWS Batch cannot be extended to hand on secrets.`,
      {
        hint: 'Nextflow 25.10 and later can: set NXF_VER, `nextflow self-update`, or name another with --nextflow.',
      },
    );
  const { launchDirectory, nextflow, arguments: args } = request;
  const configured = await readConfiguration(nextflow, args, { env: process.env, cwd: launchDirectory });
  const executor = configured['process.executor'];
  if (executor !== undefined && executor !== 'awsbatch')
    process.stderr.write(
      `nf-escrow: the configuration says process.executor = ${executor}: only processes that go to awsbatch are given secrets\n`,
    );
  if (request.carrier === undefined) return { ...request, configured };
  const carrier = carryOnAws(request.carrier, process.env);
  if (found.aws?.assumeRole === undefined) return { ...request, configured, carrier };
  const where = {
    state: context.settings.paths.state,
    name: found.name,
    command: [process.execPath, context.program],
  };
  return { ...request, configured, carrier: assumeInHead(carrier, where, process.env) };
}
