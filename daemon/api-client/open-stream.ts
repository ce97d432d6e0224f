import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { EscrowError, systemCode } from '../errors.ts';
import { connectTrusted } from './client.ts';

/** A connection that is silent for longer is given up. While nothing happens, the daemon sends something every 15 s (api/events/event-hub.ts). */
const SILENT_MS = 60_000;

/**
 * Requests a path, and returns the response when its headers have arrived: its body may not end for hours. Returns undefined if
 * no daemon listens, or if `signal` aborts first. Throws `path-conflict`, `permissions-too-open`.
 */
export async function openStream(
  socketPath: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<IncomingMessage | undefined> {
  let connection: Socket;
  try {
    connection = connectTrusted(socketPath);
  } catch (error) {
    if (error instanceof EscrowError && systemCode(error.cause) === 'ENOENT') return undefined; // its directory does not exist
    throw error;
  }
  const outgoing = request({
    createConnection: () => connection,
    path,
    headers: { host: 'localhost', ...headers },
    ...(signal === undefined ? {} : { signal }),
  });
  return new Promise((resolve) => {
    outgoing.on('response', resolve);
    outgoing.on('error', () => {
      resolve(undefined); // no daemon listens
    });
    outgoing.setTimeout(SILENT_MS, () => outgoing.destroy());
    outgoing.end();
  });
}
