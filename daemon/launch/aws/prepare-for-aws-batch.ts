import type { ComputeEnvironment, SecretDelivery } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { isAtLeast } from '../../nextflow/launcher/version.ts';
import { OLDEST_NEXTFLOW } from '../../stores/aws/oldest-nextflow.ts';
import type { BuiltRequest } from '../built-request.ts';
import type { LaunchContext } from '../launch-context.ts';

/**
 * Completes a request for AWS Batch with the pipeline's configuration and the plugin that delivers secrets there. Throws
 * `compute-environment-invalid` if this version of Nextflow cannot deliver secrets on AWS Batch.
 */
export async function prepareForAwsBatch(
  context: LaunchContext,
  built: BuiltRequest,
  environment: ComputeEnvironment,
): Promise<BuiltRequest> {
  const { request } = built;
  const secretDelivery = await deliveryOnAws(context, built, environment);
  const { readConfiguration } = await import('../../nextflow/launcher/configuration.ts');
  const { launchDirectory, nextflow, arguments: args } = request;
  const where = { env: process.env, cwd: launchDirectory, state: context.settings.paths.state };
  const configured = await readConfiguration(nextflow, args, where);
  const executor = configured['process.executor'];
  const warnings =
    executor === undefined || executor === 'awsbatch'
      ? built.warnings
      : [
          ...built.warnings,
          `the configuration sets process.executor = ${executor}. Only processes that run on awsbatch get secrets.`,
        ];
  const added = { configured, ...(secretDelivery === undefined ? {} : { secretDelivery }) };
  return { ...built, request: { ...request, ...added }, warnings };
}

/** A run without secrets needs neither the plugin nor a minimum version. Its head still assumes the role. */
async function deliveryOnAws(
  { settings, command }: LaunchContext,
  { request: { secretDelivery, nextflow, selection }, launcher }: BuiltRequest,
  { name, aws }: ComputeEnvironment,
): Promise<SecretDelivery | undefined> {
  if (secretDelivery === undefined) return undefined;
  const [{ addAwsPlugin }, { writeHeadProfile }] = await Promise.all([
    import('../../nextflow/plugin/secret-delivery.ts'),
    import('../../aws/session/head-profile.ts'),
  ]);
  if (selection.none !== true) assertNewEnough(nextflow, launcher.version);
  const extended = selection.none === true ? secretDelivery : addAwsPlugin(secretDelivery, process.env);
  if (aws?.assumeRole === undefined) return extended;
  const where = { state: settings.paths.state, name, command };
  return writeHeadProfile(extended, where, process.env);
}

function assertNewEnough(nextflow: string, version: string | undefined): void {
  if (version === undefined || isAtLeast(version, OLDEST_NEXTFLOW) === true) return;
  throw new EscrowError(
    'compute-environment-invalid',
    `Cannot deliver secrets on AWS Batch: ${nextflow} is Nextflow ${version}, and ${OLDEST_NEXTFLOW.join('.')} or later is required.`,
    {
      hint: 'Set NXF_VER, run `nextflow self-update`, or name another Nextflow with --nextflow.',
    },
  );
}
