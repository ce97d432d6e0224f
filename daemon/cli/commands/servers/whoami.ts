import {
  connectStored,
  readStoredServers,
  type StoredServer,
} from '../../../api-client/https/stored-servers.ts';
import { asEscrowError, errorTable } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { printJson, printNote, warn } from '../../io/output.ts';
import { printTable } from '../../io/table.ts';
import { readIdentity, type ShownIdentity } from './read-identity.ts';

/** Shows the account of the user on each server. A server that does not answer is a warning and sets the exit status. */
export async function whoAmI(context: Context, options: { readonly json?: boolean }): Promise<void> {
  const servers = readStoredServers(context.settings.paths.serversFile);
  const found = await Promise.all(
    servers.map(async (server) => ({ server, identity: await identify(server) })),
  );
  if (options.json === true) {
    printJson({ servers: found.map(({ server: { name, url }, identity }) => ({ name, url, identity })) });
    return;
  }
  if (found.length === 0) {
    printNote('You are not signed in to a team server. Sign in: nf-escrow login URL');
    return;
  }
  await printTable(
    ['SERVER', 'URL', 'USER', 'SCOPES', 'WORKSPACE'],
    found.map(({ server: { name, url }, identity }) => [
      ...[name, url, identity?.name ?? '-', identity?.scopes?.join(', ') ?? '-'],
      identity === null ? '-' : (identity.workspace ?? 'all'),
    ]),
  );
}

async function identify(server: StoredServer): Promise<ShownIdentity | null> {
  const client = connectStored(server);
  try {
    return await readIdentity(client, server.name);
  } catch (error) {
    const { code, message } = asEscrowError(error);
    warn(`cannot get your account on ${server.name}: ${message}`);
    process.exitCode = errorTable[code].exit;
    return null;
  } finally {
    client.close();
  }
}
