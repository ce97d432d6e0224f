import { isAbsolute } from 'node:path';
import { isIP } from 'node:net';
import { assertSocketPath } from '../../config/paths.ts';
import { EscrowError } from '../../errors.ts';

/** Where the server listens. */
export type ServerAddress =
  { readonly host: string; readonly port: number } | { readonly socketPath: string };

const SOCKET = 'unix:';
const FORM = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15}|localhost)):([0-9]{1,5})$/;
const PORT_MAX = 65_535;

/** Parses `HOST:PORT`, with an IP address as host, or `unix:PATH`. Throws `config-invalid`, `socket-path-too-long`. */
export function readServerAddress(text: string, place: string): ServerAddress {
  const shown = text.slice(0, 200);
  if (text.startsWith(SOCKET)) {
    const socketPath = text.slice(SOCKET.length);
    if (!isAbsolute(socketPath)) throw invalid(shown, place, 'the path of the socket is not absolute');
    assertSocketPath(socketPath);
    return { socketPath };
  }
  const [, six, four, port = ''] = FORM.exec(text) ?? [];
  // Not resolved: /etc/hosts could assign another address to the name.
  const host = six ?? (four === 'localhost' ? '127.0.0.1' : four);
  if (host === undefined || isIP(host) !== (six === undefined ? 4 : 6) || Number(port) > PORT_MAX)
    throw invalid(shown, place, 'it is not an IP address with a port');
  return { host, port: Number(port) };
}

function invalid(shown: string, place: string, why: string): EscrowError {
  return new EscrowError('config-invalid', `Cannot listen on "${shown}" (${place}): ${why}.`, {
    hint: 'Use an address such as 0.0.0.0:8443 or [::]:8443, or unix: and the absolute path of a socket.',
  });
}

/** Returns the address as it is written in the configuration. */
export function formatServerAddress(address: ServerAddress): string {
  if ('socketPath' in address) return `${SOCKET}${address.socketPath}`;
  const { host, port } = address;
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

/** Returns whether only processes of this machine can connect. */
export function isLocalAddress(address: ServerAddress): boolean {
  return 'socketPath' in address || address.host === '::1' || address.host.startsWith('127.');
}
