import type { Client } from '../../api-client/client.ts';
import type { AwsCredentials, Receipt, Run } from '../../contract/types.ts';
import { EscrowError, type ErrorCode } from '../../errors.ts';
import { warn } from '../io/output.ts';

/** The code of missing or expired credentials. */
const EXPIRED = 'aws-credentials' satisfies ErrorCode;
/** Errors of a retry that are not fatal. Credentials are never sent to another host: `daemon-on-other-host` names that host. */
const NO_HELP: readonly string[] = [
  EXPIRED,
  'aws-denied',
  'compute-environment-invalid',
  'daemon-on-other-host',
];

/**
 * Purges a run. If something is left, retries with the AWS credentials of this command's environment, if there are any: the
 * daemon's own credentials may have expired before the run ended.
 */
export async function purgeWithCredentials(daemon: Client, path: string): Promise<Run> {
  const run = await daemon.call<Run>('POST', path);
  const awsCredentials = credentialsOf(process.env);
  if (run.pendingRemovals === 0 || awsCredentials === undefined) return run;
  if (run.removalErrorCode !== EXPIRED) return run; // other credentials would not help
  try {
    return await daemon.call<Run>('POST', path, { awsCredentials });
  } catch (error) {
    assertNoHelp(error);
    return run;
  }
}

/** Checks a run's receipt again in the same way. */
export async function checkWithCredentials(daemon: Client, path: string): Promise<Receipt> {
  const receipt = await daemon.call<Receipt>('POST', path);
  const awsCredentials = credentialsOf(process.env);
  const isLocked = receipt.checks?.some(({ errorCode }) => errorCode === EXPIRED);
  if (isLocked !== true || awsCredentials === undefined) return receipt;
  try {
    return await daemon.call<Receipt>('POST', path, { awsCredentials });
  } catch (error) {
    assertNoHelp(error);
    return receipt;
  }
}

/** Ignores errors of expired or unrelated credentials: the first answer already names the remedy. Rethrows any other error. */
function assertNoHelp(error: unknown): void {
  if (!(error instanceof EscrowError) || !NO_HELP.includes(error.code)) throw error;
  if (error.code === EXPIRED) return; // the first answer reports it
  if (error.code === 'daemon-on-other-host')
    warn(`did not send the AWS credentials of this environment: ${error.message} ${error.hint}`);
  else warn(`cannot use the AWS credentials of this environment: ${error.message}`);
}

function credentialsOf(env: Readonly<Record<string, string | undefined>>): AwsCredentials | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = [
    env['AWS_ACCESS_KEY_ID'],
    env['AWS_SECRET_ACCESS_KEY'],
    env['AWS_SESSION_TOKEN'],
  ];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
