import { connectStored, readStoredServers } from '../../../api-client/https/stored-servers.ts';
import { readAll } from '../../../api-client/read-all.ts';
import type { Workspace } from '../../../contract/types.ts';
import { asEscrowError, errorTable } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { warn } from '../../io/output.ts';

/** A workspace of a team server. */
interface ListedWorkspace extends Workspace {
  readonly server: string;
}

/**
 * Lists the workspaces of all servers that the user is signed in to. A server that does not answer is a warning and sets the exit
 * status, so that the others are listed.
 */
export async function listRemoteWorkspaces(context: Context): Promise<ListedWorkspace[]> {
  const servers = readStoredServers(context.settings.paths.serversFile);
  const lists = await Promise.all(
    servers.map(async (server) => {
      const client = connectStored(server);
      try {
        const found = await readAll<Workspace>(client, '/v1/workspaces', 'workspaces');
        return found.map((one) => ({ ...one, server: server.name }));
      } catch (error) {
        const { code, message } = asEscrowError(error);
        warn(`cannot list the workspaces of ${server.name}: ${message}`);
        process.exitCode = errorTable[code].exit;
        return [];
      } finally {
        client.close();
      }
    }),
  );
  return lists.flat();
}
