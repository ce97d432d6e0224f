import type { KMSClient } from '@aws-sdk/client-kms';
import type { StrictAws } from './strict-aws.ts';
import { REGION } from './test-aws.ts';

/** What an administrator of AWS does with keys of KMS. moto changes the state of a key by its id only. */
export class KmsAdministrator {
  readonly #aws: StrictAws;

  constructor(aws: StrictAws) {
    this.#aws = aws;
  }

  /** Creates a key for symmetric encryption and returns its ARN. `alias`: without `alias/`. */
  async create(alias?: string): Promise<string> {
    const { CreateAliasCommand, CreateKeyCommand } = await import('@aws-sdk/client-kms');
    return this.#with(async (client) => {
      const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
      const arn = KeyMetadata?.Arn ?? '';
      if (alias !== undefined)
        await client.send(new CreateAliasCommand({ AliasName: `alias/${alias}`, TargetKeyId: arn }));
      return arn;
    });
  }

  async disable(arn: string): Promise<void> {
    const { DisableKeyCommand } = await import('@aws-sdk/client-kms');
    await this.#with((client) => client.send(new DisableKeyCommand({ KeyId: idOf(arn) })));
  }

  async enable(arn: string): Promise<void> {
    const { EnableKeyCommand } = await import('@aws-sdk/client-kms');
    await this.#with((client) => client.send(new EnableKeyCommand({ KeyId: idOf(arn) })));
  }

  async scheduleDeletion(arn: string): Promise<void> {
    const { ScheduleKeyDeletionCommand } = await import('@aws-sdk/client-kms');
    await this.#with((client) =>
      client.send(new ScheduleKeyDeletionCommand({ KeyId: idOf(arn), PendingWindowInDays: 7 })),
    );
  }

  /** Decrypts a blob of the key file. */
  async decrypt(blob: Buffer, ledger: string): Promise<Buffer> {
    const { DecryptCommand } = await import('@aws-sdk/client-kms');
    return this.#with(async (client) => {
      const EncryptionContext = { 'nf-escrow-ledger': ledger };
      const { Plaintext } = await client.send(
        new DecryptCommand({ CiphertextBlob: blob, EncryptionContext }),
      );
      return Buffer.from(Plaintext ?? []);
    });
  }

  async #with<T>(work: (client: KMSClient) => Promise<T>): Promise<T> {
    const { KMSClient } = await import('@aws-sdk/client-kms');
    const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test' };
    const client = new KMSClient({ region: REGION, credentials, endpoint: this.#aws.bare });
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  }
}

function idOf(arn: string): string {
  return arn.replace(/^.*key\//, '');
}
