import type { ComputeEnvironment, RunRequest, SecretDelivery } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { warn } from '../io/output.ts';

/** What nf-escrow-aws extends is there since then. */
const OLDEST = [25, 10] as const;

/**
 * Completes a request for AWS Batch with what is configured already, and with the plugin that delivers secrets there. Throws
 * `compute-environment-invalid` for a Nextflow that cannot be given secrets on AWS Batch.
 */
export async function prepareForAwsBatch(
  context: Context,
  request: RunRequest,
  environment: ComputeEnvironment,
): Promise<RunRequest> {
  const secretDelivery = await deliveryOnAws(context, request, environment);
  const { readConfiguration } = await import('../../nextflow/launcher/configuration.ts');
  const { launchDirectory, nextflow, arguments: args } = request;
  const where = { env: process.env, cwd: launchDirectory };
  const configured = await readConfiguration(nextflow, args, where);
  const executor = configured['process.executor'];
  if (executor !== undefined && executor !== 'awsbatch')
    warn(
      `the configuration says process.executor = ${executor}: only processes that go to awsbatch are given secrets`,
    );
  return { ...request, configured, ...(secretDelivery === undefined ? {} : { secretDelivery }) };
}

/** A run that is given no secrets needs neither plugin nor version; its head takes the role all the same. */
async function deliveryOnAws(
  { settings, program }: Context,
  { secretDelivery, nextflow, selection }: RunRequest,
  { name, aws }: ComputeEnvironment,
): Promise<SecretDelivery | undefined> {
  if (secretDelivery === undefined) return undefined;
  const [{ addAwsPlugin }, { readLauncher }, { writeHeadProfile }] = await Promise.all([
    import('../../nextflow/plugin/secret-delivery.ts'),
    import('../../nextflow/launcher/version.ts'),
    import('../../nextflow/launcher/head-identity.ts'),
  ]);
  if (selection.none !== true) assertNewEnough(nextflow, readLauncher(nextflow, process.env).version);
  const extended = selection.none === true ? secretDelivery : addAwsPlugin(secretDelivery, process.env);
  if (aws?.assumeRole === undefined) return extended;
  const where = { state: settings.paths.state, name, command: [process.execPath, program] };
  return writeHeadProfile(extended, where, process.env);
}

function assertNewEnough(nextflow: string, version: string | undefined): void {
  const [year = 0, month = 0] = (version ?? '').split('.').map(Number);
  if (version === undefined || year > OLDEST[0] || (year === OLDEST[0] && month >= OLDEST[1])) return;
  throw new EscrowError(
    'compute-environment-invalid',
    `${nextflow} is Nextflow ${version}, whose executor for AWS Batch cannot be extended to hand on secrets.`,
    {
      hint: 'Nextflow 25.10 and later can: set NXF_VER, `nextflow self-update`, or name another with --nextflow.',
    },
  );
}
