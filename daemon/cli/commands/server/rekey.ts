import type { Command } from 'commander';
import { EscrowError } from '../../../errors.ts';
import type { ServerOptions } from '../../../server/configuration/server-settings.ts';
import { count } from '../../../system/count.ts';
import { noFaults } from '../../../system/steps.ts';
import type { KeySource } from '../../../vault/keys/key-ring.ts';
import type { Context } from '../../context.ts';
import { print, printNote } from '../../io/output.ts';
import { addServerOptions, settingsOf } from './server-options.ts';

interface PrepareOptions extends ServerOptions {
  readonly command?: boolean;
  readonly passphraseFile?: string;
  readonly kms?: string | true;
}

export function addServeRekey(serve: Command, { faults = noFaults }: Context): void {
  const rekey = serve
    .command('rekey')
    .description('Replace the vault key of a team server')
    .addHelpText('after', '\nExample: nf-escrow serve rekey prepare');
  addServerOptions(rekey.command('prepare'))
    .description('Add a new vault key to the key file. The new key does not encrypt anything yet')
    .option('--passphrase-file <FILE>', 'derive the new key from the passphrase in a file')
    .option('--command', 'derive the new key from the output of vault.keyCommand')
    .option(
      '--kms [KEY]',
      'encrypt the new key with a key of AWS KMS: an ARN of a key or an alias, a key ID, or alias/NAME (default: vault.kmsKeyId)',
    )
    .addHelpText('after', '\nExample: nf-escrow serve rekey prepare --config /etc/nf-escrow/server.yaml')
    .action(async (_own: object, command: Command) => {
      const {
        command: isCommand,
        passphraseFile,
        kms,
        ...options
      } = command.optsWithGlobals<PrepareOptions>();
      const sources: readonly KeySource[] = [
        ...(isCommand === true ? (['command'] as const) : []),
        ...(passphraseFile === undefined ? [] : (['passphrase'] as const)),
        ...(kms === undefined ? [] : (['kms'] as const)),
      ];
      if (sources.length > 1)
        throw new EscrowError(
          'usage',
          'The options --command, --passphrase-file and --kms exclude each other.',
        );
      const settings = await settingsOf(options);
      const { prepareRekey } = await import('../../../server/rekey.ts');
      const [source = 'file'] = sources;
      const kmsKeyId = kms === true ? undefined : await kmsKeyOf(kms);
      const { id, ledger } = await prepareRekey(settings, { source, passphraseFile, kmsKeyId }, faults);
      if (source === 'kms')
        printNote(`AWS KMS has encrypted it for the encryption context nf-escrow-ledger=${ledger}.`);
      print(
        `Added key ${id} to "${settings.vault.keyFile}". Copy this file to all replicas, then run: nf-escrow serve rekey activate`,
      );
    });
  addServerOptions(rekey.command('activate'))
    .description('Encrypt all values with the new vault key, once all replicas have it')
    .addHelpText('after', '\nExample: nf-escrow serve rekey activate --config /etc/nf-escrow/server.yaml')
    .action(async (_own: object, command: Command) => {
      const settings = await settingsOf(command.optsWithGlobals<ServerOptions>());
      const { activateRekey } = await import('../../../server/rekey.ts');
      const { values, keepsPrevious } = await activateRekey(settings, faults);
      print(
        `Encrypted ${count(values, 'value')} with the new key. ${
          keepsPrevious
            ? 'The previous key remains in the key file for a day: run the command again then.'
            : 'The key file contains only the new key.'
        }`,
      );
    });
}

async function kmsKeyOf(text: string | undefined): Promise<string | undefined> {
  const { isKmsKey } = await import('../../../server/configuration/kms-key.ts');
  if (text === undefined || isKmsKey(text)) return text;
  throw new EscrowError('usage', 'Invalid --kms: it does not name a key of AWS KMS.', {
    hint: 'Use the ARN of a key or of an alias, a key ID, or alias/NAME.',
  });
}
