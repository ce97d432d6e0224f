import type { Command } from 'commander';
import type { ServerOptions } from '../../../server/configuration/server-settings.ts';
import { ownAccount } from '../../../system/processes/own-account.ts';
import { print, printNote } from '../../io/output.ts';
import { addServerOptions, settingsOf } from './server-options.ts';

interface InitOptions extends ServerOptions {
  readonly name?: string;
  readonly organization: string;
  readonly printToken?: boolean;
  readonly tokenFile: string;
}

export function addServeInit(serve: Command): void {
  addServerOptions(serve.command('init'))
    .description('Create the first administrator of a team server and its vault key')
    .option('--name <USER>', 'name of the administrator (default: the account that runs the command)')
    .option('--organization <ORG>', 'organization that the administrator owns', 'local')
    .option('--print-token', 'print the token of the administrator instead of writing it to a file')
    .option('--token-file <FILE>', 'file to create for the token', 'administrator.token')
    .addHelpText('after', '\nExample: nf-escrow serve init --name ada --organization lab')
    .action(async (_own: object, command: Command) => {
      await initialize(command.optsWithGlobals<InitOptions>());
    });
}

async function initialize({
  name = ownAccount().username,
  organization,
  printToken,
  tokenFile,
  ...options
}: InitOptions): Promise<void> {
  const { initializeServer } = await import('../../../server/initialize.ts');
  const settings = await settingsOf(options);
  const file = printToken === true ? undefined : tokenFile;
  const { token, hasNewKey, ledger } = await initializeServer(settings, { name, organization }, file);
  if (hasNewKey)
    printNote(
      `Created the key file "${settings.vault.keyFile}". Back it up: the secrets cannot be decrypted without it.`,
    );
  if (hasNewKey && settings.vault.kmsKeyId !== undefined)
    printNote(
      `The key in it is encrypted with AWS KMS, for the encryption context nf-escrow-ledger=${ledger}.`,
    );
  if (token === undefined)
    print(
      `Created the administrator ${name}, an owner of the organization ${organization}. The token is in ${tokenFile}.`,
    );
  else print(token);
}
