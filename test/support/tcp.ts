import { readFileSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import type { DaemonStatus } from '../../daemon/contract/types.ts';
import { send, type Answer } from './http.ts';
import type { Sandbox } from './sandbox.ts';

/** An open TCP listener of a sandbox's daemon. */
export interface Listener {
  readonly port: number;
  readonly token: string;
  readonly tokenFile: string;
}

/** Opens the TCP listener of the sandbox's daemon on any free port. */
export async function openListener(box: Sandbox): Promise<Listener> {
  const { status, stderr } = await box.escrow(['daemon', 'start', '--listen', '127.0.0.1:0']);
  if (status !== 0) throw new Error(stderr);
  return listenerOf(box);
}

/** Returns the listener as the daemon's status describes it. */
export async function listenerOf(box: Sandbox): Promise<Listener> {
  const { listener } = await box.json<DaemonStatus>(['daemon', 'status']);
  const { address = '', tokenFile = '' } = listener ?? {};
  const token = /^Authorization: Bearer (\S+)\n$/.exec(readFileSync(tokenFile, 'utf8'))?.[1] ?? '';
  return { port: Number(/:(\d+)$/.exec(address)?.[1]), token, tokenFile };
}

/** Sends a request over TCP. */
export function tcpRequest(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return send({ host: '127.0.0.1', port, path, method, headers, agent: false });
}

const CONNECTION_MS = 30_000;

/** Sends bytes on a connection and returns everything that the server sends until it closes the connection. */
export function rawExchange(to: NetConnectOpts, parts: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(to);
    const received: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new Error(`The server keeps the connection open: ${Buffer.concat(received).toString('latin1')}`),
      );
    }, CONNECTION_MS);
    socket.on('error', () => undefined); // the server may close while bytes are still sent
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(received).toString('latin1'));
    });
    for (const part of parts) socket.write(part);
  });
}
