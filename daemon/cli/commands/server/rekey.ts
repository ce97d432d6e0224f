import type { Command } from 'commander';
import { EscrowError } from '../../../errors.ts';
import type { ServerOptions } from '../../../server/configuration/server-settings.ts';
import { count } from '../../../system/count.ts';
import { noFaults } from '../../../system/steps.ts';
import type { Context } from '../../context.ts';
import { print } from '../../io/output.ts';
import { addServerOptions, settingsOf } from './server-options.ts';

interface PrepareOptions extends ServerOptions {
  readonly command?: boolean;
  readonly passphraseFile?: string;
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
    .addHelpText('after', '\nExample: nf-escrow serve rekey prepare --config /etc/nf-escrow/server.yaml')
    .action(async (_own: object, command: Command) => {
      const { command: isCommand, passphraseFile, ...options } = command.optsWithGlobals<PrepareOptions>();
      if (isCommand === true && passphraseFile !== undefined)
        throw new EscrowError('usage', 'The options --command and --passphrase-file exclude each other.');
      const settings = await settingsOf(options);
      const { prepareRekey } = await import('../../../server/rekey.ts');
      const source = isCommand === true ? 'command' : passphraseFile === undefined ? 'file' : 'passphrase';
      const id = await prepareRekey(settings, { source, passphraseFile }, faults);
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
