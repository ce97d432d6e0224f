import { createServer } from 'node:net';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** Returns loopback ports that are currently unused. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map((server) => listenOnLoopback(server)));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
