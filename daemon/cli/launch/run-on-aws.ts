import type {
  SecretDelivery,
  ComputeEnvironment,
  ComputeEnvironmentList,
  RunRequest,
} from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context, NextflowOnAws } from '../context.ts';
import { warn } from '../io/output.ts';

/** What nf-escrow-aws extends is there since then. */
const OLDEST = [25, 10] as const;

/**
 * Completes a request that goes to AWS Batch by what is configured already, and by what carries secrets there; any other
 * stays as it is. Throws `compute-environment-invalid` for a Nextflow that cannot be given secrets on AWS Batch.
 */
export async function completeForAws(context: Context, request: RunRequest): Promise<RunRequest> {
  const daemon = await context.daemon();
  const { computeEnvironments } = await daemon.call<ComputeEnvironmentList>('GET', '/v1/compute-envs');
  const wanted = request.computeEnvironment;
  const found = computeEnvironments.find(({ name, isDefault }) =>
    wanted === undefined ? isDefault : name === wanted,
  );
  if (found?.platform !== 'aws-batch') return request;
  const knowledge = await context.nextflowOnAws();
  const secretDelivery = carrierOnAws(context, knowledge, request, found);
  const { launchDirectory, nextflow, arguments: args } = request;
  const where = { env: process.env, cwd: launchDirectory };
  const configured = await knowledge.readConfiguration(nextflow, args, where);
  const executor = configured['process.executor'];
  if (executor !== undefined && executor !== 'awsbatch')
    warn(
      `the configuration says process.executor = ${executor}: only processes that go to awsbatch are given secrets`,
    );
  return { ...request, configured, ...(secretDelivery === undefined ? {} : { secretDelivery }) };
}

/** A run that is given no secrets needs neither plugin nor version; its head takes the role all the same. */
function carrierOnAws(
  { settings, program }: Context,
  { versionOf, carryOnAws, assumeInHead }: NextflowOnAws,
  { secretDelivery, nextflow, selection }: RunRequest,
  { name, aws }: ComputeEnvironment,
): SecretDelivery | undefined {
  if (secretDelivery === undefined) return undefined;
  if (selection.none !== true) assertNewEnough(nextflow, versionOf(nextflow, process.env));
  const carried = selection.none === true ? secretDelivery : carryOnAws(secretDelivery, process.env);
  if (aws?.assumeRole === undefined) return carried;
  const where = { state: settings.paths.state, name, command: [process.execPath, program] };
  return assumeInHead(carried, where, process.env);
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
