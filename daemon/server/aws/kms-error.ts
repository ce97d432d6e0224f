import { classifyFailure } from '../../aws/session/aws-error.ts';
import { EscrowError } from '../../errors.ts';
import { quoteShellWords } from '../../system/processes/shell-word.ts';

/** What was asked of AWS KMS. */
export interface KmsAction {
  readonly action: 'GenerateDataKey' | 'Decrypt';
  /** The key, as AWS KMS accepts it. */
  readonly key: string;
  readonly ledger: string;
}

const CHECK = 'docs/team-server/kms.md describes what the server needs.';

/**
 * Converts an error of AWS KMS to an EscrowError with a remedy. Exceptions: the API reference of GenerateDataKey and Decrypt. Returns
 * `vault-kms-failed`, or `vault-key-mismatch` for a key that AWS cannot decrypt in this ledger.
 */
export function kmsError({ action, key, ledger }: KmsAction, region: string, error: unknown): EscrowError {
  if (error instanceof EscrowError) return ofOurOwn(error);
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  const what =
    action === 'Decrypt'
      ? `Cannot decrypt the vault key with the key ${key} of AWS KMS`
      : `Cannot create a vault key with the key ${key} of AWS KMS`;
  const detail = `${name}: ${message}`.slice(0, 400);
  const failed = (why: string, hint: string): EscrowError =>
    new EscrowError('vault-kms-failed', `${what}: ${why}.`, { hint, cause: error });
  const mismatch = (why: string, hint: string): EscrowError =>
    new EscrowError('vault-key-mismatch', `${what}: ${why}.`, { hint, cause: error });
  const command = (verb: string): string =>
    `\`${quoteShellWords(['aws', 'kms', verb, '--region', region, '--key-id', key])}\``;
  switch (name) {
    case 'DisabledException':
      return failed('the key is disabled', `Enable the key: ${command('enable-key')}`);
    case 'KMSInvalidStateException':
      return /pending ?deletion/i.test(message)
        ? failed(
            'the key is pending deletion',
            `When AWS has deleted it, all values are lost. Cancel the deletion now: ${command('cancel-key-deletion')}. Then enable the key: ${command('enable-key')}`,
          )
        : failed(
            `the state of the key does not permit it (${detail})`,
            `See its state: ${command('describe-key')}`,
          );
    case 'NotFoundException':
      return failed(
        `the key does not exist in ${region} (${detail})`,
        `Check region and account of the key, and the account of the server's AWS identity: ${command('describe-key')}, \`aws sts get-caller-identity\``,
      );
    case 'InvalidCiphertextException':
      return mismatch(
        'the encrypted key is damaged, or belongs to another ledger',
        'Restore the key file of this ledger from a backup. A key file that was copied from another server cannot be used.',
      );
    case 'IncorrectKeyException':
      return mismatch(
        'this key has not encrypted it',
        'Restore the key file of this ledger from a backup: a line of it was changed.',
      );
    case 'InvalidKeyUsageException':
      return failed(
        'it is not a key for symmetric encryption',
        'Use a key with the key spec SYMMETRIC_DEFAULT and the usage ENCRYPT_DECRYPT.',
      );
    default:
  }
  switch (classifyFailure(error)) {
    case 'credentials':
      return failed(
        `the server has no valid AWS credentials (${detail})`,
        `Give its host or container an instance role or a task role, or set credentials in the environment of the service. ${CHECK}`,
      );
    case 'denied':
      return failed(
        `access denied (${detail})`,
        `Allow kms:${action} on the key, with the encryption context nf-escrow-ledger=${ledger}, for the AWS identity of the server, and check the key policy if the key is in another account. ${CHECK}`,
      );
    case 'throttled':
      return failed(
        `AWS throttles the requests (${detail})`,
        'Wait: the server tries again. If this continues, ask AWS for a higher quota of KMS requests.',
      );
    case 'clock':
      return failed(
        `the clock of this host is wrong (${detail})`,
        'Synchronize the clock, for example with chrony.',
      );
    case 'refused':
      return failed(
        `AWS rejected the request (${detail})`,
        `See the key: ${command('describe-key')}. ${CHECK}`,
      );
    default:
      return failed(
        `AWS KMS in ${region} is not available (${detail})`,
        'Check the network of the host, and vault.kmsEndpoint if it is set. The server tries again.',
      );
  }
}

/** Checks of nf-escrow itself, whose hints name commands for compute environments. */
function ofOurOwn(error: EscrowError): EscrowError {
  if (error.code !== 'compute-environment-invalid') return error;
  return new EscrowError('config-invalid', error.message, {
    hint: 'Unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_KMS, or use an https address. For an AWS emulator on this host, set vault.kmsEndpoint.',
    cause: error,
  });
}
