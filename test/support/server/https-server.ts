// HTTPS servers of Node that answer as a test says, and clients of them.
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Test } from 'tap';
import {
  connectServer,
  type ServerClient,
  type ServerTarget,
} from '../../../daemon/api-client/https/server-client.ts';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import type { Pair } from './authority.ts';

/** Starts an HTTPS server of Node on loopback. */
export async function serveHttps(
  t: Test,
  { certificateFile, keyFile }: Pair,
  answer: RequestListener,
): Promise<{ server: Server; port: number }> {
  const server = createServer({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) }, answer);
  const port = await listenOnLoopback(server);
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port };
}

/** Returns a client that is closed after the test. */
export function clientOf(t: Test, url: string, options: Omit<ServerTarget, 'url'> = {}): ServerClient {
  const client = connectServer({ url: new URL(url), ...options });
  t.teardown(() => {
    client.close();
  });
  return client;
}
