import { connectStored, type StoredServer } from '../../../api-client/https/stored-servers.ts';
import { EscrowError } from '../../../errors.ts';
import { warn } from '../../io/output.ts';

/**
 * Revokes the token of a server that is no longer stored here, if `nf-escrow login` created it. A token from standard input may be
 * in use elsewhere. Failures are warnings, because the token is deleted from this machine in any case.
 */
export async function giveUpToken(server: StoredServer): Promise<void> {
  const { name } = server;
  if (server.createdByLogin !== true) {
    warn(
      `the token of ${name} was not revoked, because other programs may use it. It is valid until it expires`,
    );
    return;
  }
  const client = connectStored(server);
  try {
    await client.call('POST', '/v1/token-revocations', { token: server.token });
  } catch (error) {
    if (!(error instanceof EscrowError)) throw error;
    warn(
      `the token of ${name} is still valid until it expires, because the server did not revoke it: ${error.message}`,
    );
  } finally {
    client.close();
  }
}
