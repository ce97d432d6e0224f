import { connectStored, readStoredServers } from '../../../api-client/https/stored-servers.ts';
import { readAll } from '../../../api-client/read-all.ts';
import { asEscrowError, errorTable } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { warn } from '../../io/output.ts';

/**
 * Lists the workspaces or organizations of all servers that the user is signed in to. A server that does not answer is a warning and
 * sets the exit status, so that the others are listed.
 */
export async function listOnServers<T extends object>(
  context: Context,
  noun: 'workspaces' | 'organizations',
): Promise<(T & { readonly server: string })[]> {
  const servers = readStoredServers(context.settings.paths.serversFile);
  const lists = await Promise.all(
    servers.map(async (server) => {
      const client = connectStored(server);
      try {
        const found = await readAll<T>(client, `/v1/${noun}`, noun);
        return found.map((one) => ({ ...one, server: server.name }));
      } catch (error) {
        const { code, message } = asEscrowError(error);
        warn(`cannot list the ${noun} of ${server.name}: ${message}`);
        process.exitCode = errorTable[code].exit;
        return [];
      } finally {
        client.close();
      }
    }),
  );
  return lists.flat();
}
