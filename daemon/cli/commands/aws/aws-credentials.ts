import type { ComputeEnvironment } from '../../../contract/types.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { outputIsTerminal, printJson } from '../../io/output.ts';

/**
 * Implements `nf-escrow aws-credentials`, a `credential_process` for AWS SDKs. The head of a run on AWS Batch uses a profile
 * that names this command, so that it calls AWS with the role that delivered its secrets.
 */
export async function awsCredentials(context: Context, name: string): Promise<void> {
  if (outputIsTerminal())
    throw new EscrowError(
      'usage',
      'Cannot print AWS credentials to a terminal: only AWS SDKs call this command.',
    );
  const own = process.env['NF_ESCROW_AWS_CONFIG_FILE'];
  if (own === undefined || own === '') Reflect.deleteProperty(process.env, 'AWS_CONFIG_FILE');
  else process.env['AWS_CONFIG_FILE'] = own;
  const path = `/v1/compute-envs/${encodeURIComponent(name)}`;
  const { aws } = await (await context.daemon()).call<ComputeEnvironment>('GET', path);
  if (aws === undefined)
    throw new EscrowError(
      'compute-environment-invalid',
      `Cannot get AWS credentials: compute environment "${name}" does not run on AWS.`,
    );
  const [{ accessOf }, { fetchCredentials }] = await Promise.all([
    import('../../../aws/session/access.ts'),
    import('../../../aws/session/session.ts'),
  ]);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await fetchCredentials(accessOf(aws));
  printJson({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiration?.toISOString(),
  });
}
