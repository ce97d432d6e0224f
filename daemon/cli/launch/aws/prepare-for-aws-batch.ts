import type { ComputeEnvironment, RunRequest, SecretDelivery } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { warn } from '../../io/output.ts';
import type { BuiltRequest } from '../built-request.ts';

/** First version of Nextflow with the extension point that the plugin nf-escrow-aws uses. */
const OLDEST = [25, 10] as const;

/**
 * Completes a request for AWS Batch with the pipeline's configuration and the plugin that delivers secrets there. Throws
 * `compute-environment-invalid` if this version of Nextflow cannot deliver secrets on AWS Batch.
 */
export async function prepareForAwsBatch(
  context: Context,
  built: BuiltRequest,
  environment: ComputeEnvironment,
): Promise<RunRequest> {
  const { request } = built;
  const secretDelivery = await deliveryOnAws(context, built, environment);
  const { readConfiguration } = await import('../../../nextflow/launcher/configuration.ts');
  const { launchDirectory, nextflow, arguments: args } = request;
  const where = { env: process.env, cwd: launchDirectory };
  const configured = await readConfiguration(nextflow, args, where);
  const executor = configured['process.executor'];
  if (executor !== undefined && executor !== 'awsbatch')
    warn(
      `the configuration sets process.executor = ${executor}. Only processes that run on awsbatch get secrets.`,
    );
  return { ...request, configured, ...(secretDelivery === undefined ? {} : { secretDelivery }) };
}

/** A run without secrets needs neither the plugin nor a minimum version. Its head still assumes the role. */
async function deliveryOnAws(
  { settings, command }: Context,
  { request: { secretDelivery, nextflow, selection }, launcher }: BuiltRequest,
  { name, aws }: ComputeEnvironment,
): Promise<SecretDelivery | undefined> {
  if (secretDelivery === undefined) return undefined;
  const [{ addAwsPlugin }, { writeHeadProfile }] = await Promise.all([
    import('../../../nextflow/plugin/secret-delivery.ts'),
    import('../../../aws/session/head-profile.ts'),
  ]);
  if (selection.none !== true) assertNewEnough(nextflow, launcher.version);
  const extended = selection.none === true ? secretDelivery : addAwsPlugin(secretDelivery, process.env);
  if (aws?.assumeRole === undefined) return extended;
  const where = { state: settings.paths.state, name, command };
  return writeHeadProfile(extended, where, process.env);
}

function assertNewEnough(nextflow: string, version: string | undefined): void {
  const [year = 0, month = 0] = (version ?? '').split('.').map(Number);
  if (version === undefined || year > OLDEST[0] || (year === OLDEST[0] && month >= OLDEST[1])) return;
  throw new EscrowError(
    'compute-environment-invalid',
    `Cannot deliver secrets on AWS Batch: ${nextflow} is Nextflow ${version}, and 25.10 or later is required.`,
    {
      hint: 'Set NXF_VER, run `nextflow self-update`, or name another Nextflow with --nextflow.',
    },
  );
}
