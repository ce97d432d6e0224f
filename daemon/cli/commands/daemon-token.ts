import { readHeader } from '../../contract/token-header.ts';
import type { DaemonStatus } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { readTrustedFile } from '../../system/files/trust/trusted-file.ts';
import { SOCKET } from '../../system/files/trust/trust-error.ts';
import type { Context } from '../context.ts';
import { print } from '../io/output.ts';

const LENGTH_MAX = 1024;

/** Prints the token of the TCP listener, or the path of its file. */
export async function printToken(context: Context, { file = false }: { file?: boolean }): Promise<void> {
  const client = await context.daemonIfRunning();
  const path = (await client?.call<DaemonStatus>('GET', '/v1/daemon'))?.listener?.tokenFile;
  if (path === undefined)
    throw new EscrowError('address-unavailable', 'Cannot print the token: the daemon has no TCP listener.', {
      hint: 'Open one: nf-escrow daemon start --listen 127.0.0.1:0',
    });
  const token = readHeader(readTrustedFile(path, SOCKET, LENGTH_MAX)?.toString('latin1') ?? '');
  if (token === undefined)
    throw new EscrowError(
      'address-unavailable',
      `Cannot read the token in "${path}": it has no valid header.`,
      {
        hint: 'Stop the daemon, then open the listener again: nf-escrow daemon stop; nf-escrow daemon start --listen HOST:PORT',
      },
    );
  print(file ? path : token);
}
