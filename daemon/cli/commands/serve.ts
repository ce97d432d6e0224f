import type { Command } from 'commander';
import type { ServerOptions } from '../../server/configuration/server-settings.ts';
import type { Context } from '../context.ts';
import { print, printNote } from '../io/output.ts';

export function addServe(program: Command, context: Context): void {
  const serve = addServerOptions(program.command('serve'))
    .description('Run a team server, which provides an HTTPS API for the secrets of a team')
    .addHelpText('after', '\nExample: nf-escrow serve --config /etc/nf-escrow/server.yaml')
    .action(async (options: ServerOptions) => {
      const { loadServerSettings } = await import('../../server/configuration/server-settings.ts');
      await context.serveTeam(await loadServerSettings(options, process.env));
    });
  addServerOptions(serve.command('init'))
    .description('Create the first administrator of a team server and its vault key')
    .option('--print-token', 'print the token of the administrator instead of writing it to a file')
    .option('--token-file <FILE>', 'file to create for the token', 'administrator.token')
    .addHelpText('after', '\nExample: nf-escrow serve init --config /etc/nf-escrow/server.yaml')
    .action(async (_own: object, command: Command) => {
      await initialize(command.optsWithGlobals<InitOptions>());
    });
}

interface InitOptions extends ServerOptions {
  readonly printToken?: boolean;
  readonly tokenFile: string;
}

function addServerOptions(command: Command): Command {
  return command
    .option('--config <FILE>', 'configuration file (default: /etc/nf-escrow/server.yaml)')
    .option('--listen <HOST:PORT>', 'IP address and port to listen on, or unix:PATH')
    .option('--database-url <URL>', 'URL of a PostgreSQL database, without a password (not supported yet)');
}

async function initialize({ printToken, tokenFile, ...options }: InitOptions): Promise<void> {
  const [{ loadServerSettings }, { initializeServer }] = await Promise.all([
    import('../../server/configuration/server-settings.ts'),
    import('../../server/initialize.ts'),
  ]);
  const settings = await loadServerSettings(options, process.env);
  const { token, hasNewKey } = await initializeServer(settings, printToken === true ? undefined : tokenFile);
  if (hasNewKey)
    printNote(
      `Created the key file "${settings.vault.keyFile}". Back it up: the secrets cannot be decrypted without it.`,
    );
  if (token === undefined) print(`Created the first administrator. The token is in ${tokenFile}.`);
  else print(token);
}
