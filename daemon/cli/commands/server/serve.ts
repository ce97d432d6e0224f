import type { Command } from 'commander';
import type { ServerOptions } from '../../../server/configuration/server-settings.ts';
import type { Context } from '../../context.ts';
import { addServeAccounts } from './accounts.ts';
import { addServeInit } from './init.ts';
import { addServeRekey } from './rekey.ts';
import { addServeRestore } from './restore.ts';
import { addServerOptions } from './server-options.ts';

export function addServe(program: Command, context: Context): void {
  const serve = addServerOptions(program.command('serve'))
    .option('--listen <HOST:PORT>', 'IP address and port to listen on, or unix:PATH')
    .description('Run a team server, which provides an HTTPS API for the secrets of a team')
    .addHelpText('after', '\nExample: nf-escrow serve --config /etc/nf-escrow/server.yaml')
    .action(async (options: ServerOptions) => {
      const { loadServerSettings } = await import('../../../server/configuration/server-settings.ts');
      await context.serveTeam(await loadServerSettings(options, process.env));
    });
  addServeInit(serve);
  addServeAccounts(serve);
  addServeRekey(serve, context);
  addServeRestore(serve);
}
