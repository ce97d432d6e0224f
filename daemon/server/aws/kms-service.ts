import type { KMSClient } from '@aws-sdk/client-kms';
import { retryIdempotent } from '../../aws/retry.ts';
import type { AwsAccess } from '../../aws/session/access.ts';
import { resolveCredentials } from '../../aws/session/credentials.ts';
import { encryptedTransport } from '../../aws/session/encrypted-transport.ts';
import { measured } from '../../aws/session/measured.ts';
import { sdk } from '../../aws/session/sdk.ts';
import { parseArn } from '../../contract/arn.ts';
import { EscrowError } from '../../errors.ts';
import { systemClock } from '../../system/time/clock.ts';
import type { KeyService, WrappedKey } from '../../vault/keys/key-service.ts';
import { kmsError, type KmsAction } from './kms-error.ts';

/** The settings of AWS KMS. */
export interface KmsSettings {
  /** The key with which new vault keys are encrypted. */
  readonly kmsKeyId: string | undefined;
  /** Undefined: the endpoint of the region. */
  readonly kmsEndpoint: string | undefined;
}

/** Time for which a request is tried again while AWS throttles it or does not answer. */
const RETRY_MS = 15_000;

/**
 * The part of the encryption that a key policy can name. AWS records it in CloudTrail.
 * https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 */
const CONTEXT = 'nf-escrow-ledger';

/**
 * Creates and decrypts vault keys with AWS KMS. A vault key is encrypted with the id of its ledger as encryption context: AWS does not
 * decrypt it for another ledger. The identity is that of the process, as AWS tools find it.
 */
export class KmsService implements KeyService {
  readonly #settings: KmsSettings;

  constructor(settings: KmsSettings) {
    this.#settings = settings;
    // The SDK is a part of the bundle: its warning about the next Node version is nothing that operators can act on.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  }

  async create(ledger: string): Promise<WrappedKey> {
    const { kmsKeyId } = this.#settings;
    if (kmsKeyId === undefined)
      throw new EscrowError('config-invalid', 'Cannot create a vault key with AWS KMS: no key is named.', {
        hint: 'Set vault.kmsKeyId, or name the key with --kms KEY.',
      });
    const { GenerateDataKeyCommand } = await sdk('@aws-sdk/client-kms');
    const { KeyId, CiphertextBlob, Plaintext } = await this.#send(
      { action: 'GenerateDataKey', key: kmsKeyId, ledger },
      (client) =>
        client.send(
          new GenerateDataKeyCommand({
            KeyId: kmsKeyId,
            KeySpec: 'AES_256',
            EncryptionContext: { [CONTEXT]: ledger },
          }),
        ),
    );
    Plaintext?.fill(0); // decrypting it proves that the servers can, too
    // The ARN of the key, also if an alias was named: the alias may point to another key later.
    return { keyArn: KeyId ?? kmsKeyId, blob: Buffer.from(CiphertextBlob ?? []) };
  }

  async unwrap({ keyArn, blob }: WrappedKey, ledger: string): Promise<Buffer> {
    const { DecryptCommand } = await sdk('@aws-sdk/client-kms');
    const { Plaintext } = await this.#send({ action: 'Decrypt', key: keyArn, ledger }, (client) =>
      client.send(
        new DecryptCommand({
          KeyId: keyArn,
          CiphertextBlob: blob,
          EncryptionContext: { [CONTEXT]: ledger },
        }),
      ),
    );
    return Buffer.from(Plaintext ?? []);
  }

  async #send<T>(request: KmsAction, work: (client: KMSClient) => Promise<T>): Promise<T> {
    const region = regionOf(request.key);
    try {
      // Credentials are resolved for each attempt, because those of a role expire.
      return await retryIdempotent(() => this.#once(region, work), systemClock, RETRY_MS);
    } catch (error) {
      throw kmsError(request, region, error);
    }
  }

  async #once<T>(region: string, work: (client: KMSClient) => Promise<T>): Promise<T> {
    const { kmsEndpoint: endpoint } = this.#settings;
    const access: AwsAccess = {
      ...{ region, account: '', profile: null, role: null, externalId: null, fips: false },
      endpoint: endpoint ?? null,
    };
    const { KMSClient } = await sdk('@aws-sdk/client-kms');
    const client = measured(
      new KMSClient({
        region,
        credentials: await resolveCredentials(access),
        requestHandler: await encryptedTransport(access),
        maxAttempts: 1,
        ...(endpoint === undefined ? {} : { endpoint, useFipsEndpoint: false }),
      }),
    );
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  }
}

/** Returns the region of a key: that of its ARN, else that of the environment. Throws `config-invalid`. */
function regionOf(key: string): string {
  const region = parseArn(key)?.region ?? (process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION']);
  if (region !== undefined && /^[a-z0-9-]{1,30}$/.test(region)) return region;
  throw new EscrowError(
    'config-invalid',
    `Cannot use the key "${key}" of AWS KMS: it does not name a region, and AWS_REGION is not set.`,
    { hint: 'Name the key by its ARN, which contains the region.' },
  );
}
