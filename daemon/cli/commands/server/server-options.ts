import type { Command } from 'commander';
import type { ServerOptions, ServerSettings } from '../../../server/configuration/server-settings.ts';

/** Adds the options that name the configuration and the database of a server. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--config <FILE>', 'configuration file (default: /etc/nf-escrow/server.yaml)')
    .option('--database-url <URL>', 'URL of a PostgreSQL database, without a password');
}

/** Loads the settings of the server that a command is for. */
export async function settingsOf({ config, databaseUrl }: ServerOptions): Promise<ServerSettings> {
  const { loadServerSettings } = await import('../../../server/configuration/server-settings.ts');
  const given = {
    ...(config === undefined ? {} : { config }),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  };
  return loadServerSettings(given, process.env);
}
