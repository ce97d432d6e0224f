import type { Client } from '../../../daemon/api-client/client.ts';
import { EscrowError } from '../../../daemon/errors.ts';

/** Sets a secret of a workspace. Repeats the request until a replica has responded. */
export async function putSecret(
  admin: Pick<Client, 'call'>,
  { title, name }: { readonly title: string; readonly name: string },
  value: string,
): Promise<void> {
  const body = { valueBase64: Buffer.from(value).toString('base64') };
  for (;;)
    try {
      await admin.call('PUT', `/v1/workspaces/${title}/secrets/${name}`, body);
      return;
    } catch (error) {
      const isTemporary =
        error instanceof EscrowError &&
        ['server-unreachable', 'not-ready', 'ledger-unavailable'].includes(error.code);
      if (!isTemporary) throw error;
    }
}
