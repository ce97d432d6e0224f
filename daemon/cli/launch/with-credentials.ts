import type { Client } from '../../api-client/client.ts';
import type { AwsCredentials, Receipt, Run } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { warn } from '../io/output.ts';

/** Also `daemon-on-other-host`: credentials do not travel to a daemon on another host, and its error names that host. */
const NO_HELP: readonly string[] = [
  'aws-credentials',
  'aws-denied',
  'compute-environment-invalid',
  'daemon-on-other-host',
];

/**
 * Has a run purged. Where something is left, the AWS credentials of this command's environment are provided for it, if there
 * are any: the daemon's own may have ended before the run did.
 */
export async function purgeWithCredentials(daemon: Client, path: string): Promise<Run> {
  const run = await daemon.call<Run>('POST', path);
  const awsCredentials = credentialsOf(process.env);
  if (run.pendingRemovals === 0 || awsCredentials === undefined) return run;
  if (run.removalError?.includes('Remedy:') !== true) return run; // others would meet the same
  try {
    return await daemon.call<Run>('POST', path, { awsCredentials });
  } catch (error) {
    assertNoHelp(error);
    return run;
  }
}

/** Likewise, for another look at what was placed. */
export async function checkWithCredentials(daemon: Client, path: string): Promise<Receipt> {
  const receipt = await daemon.call<Receipt>('POST', path);
  const awsCredentials = credentialsOf(process.env);
  const isLocked = receipt.checks?.some(
    ({ result: found, evidence: how }) => found === 'unknown' && how.includes('Remedy:'),
  );
  if (isLocked !== true || awsCredentials === undefined) return receipt;
  try {
    return await daemon.call<Receipt>('POST', path, { awsCredentials });
  } catch (error) {
    assertNoHelp(error);
    return receipt;
  }
}

/** Credentials that have ended too, or are for something else, change nothing: what is left still says what it needs. */
function assertNoHelp(error: unknown): void {
  if (!(error instanceof EscrowError) || !NO_HELP.includes(error.code)) throw error;
  if (error.code === 'aws-credentials') return; // as those of the daemon: told already
  if (error.code === 'daemon-on-other-host')
    warn(`the AWS credentials of this environment are not provided: ${error.message} ${error.hint}`);
  else warn(`the AWS credentials of this environment do not help: ${error.message}`);
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
