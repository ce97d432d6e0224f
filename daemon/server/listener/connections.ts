import type { Socket } from 'node:net';
import type { ServerSettings } from '../configuration/server-settings.ts';
import { networkOf, readAddress } from '../proxies/ip-address.ts';

type Limits = Pick<ServerSettings, 'limits' | 'trustedProxies'> & {
  /** Whether only trusted proxies may connect, because connections are not encrypted. */
  readonly onlyProxies: boolean;
};

/**
 * The open connections of a listener, including those whose TLS handshake is not complete. Closes connections of peers that may
 * not connect. Also closes connections of an address that exceed its limit: otherwise, one client could use all connections.
 */
export class Connections {
  readonly #limits: Limits;
  readonly #open = new Set<Socket>();
  readonly #counts = new Map<string, number>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Adds a new connection, or closes it. */
  readonly add = (socket: Socket): void => {
    const { limits, trustedProxies, onlyProxies } = this.#limits;
    const peer = readAddress(socket.remoteAddress);
    const isTrusted = trustedProxies.has(peer);
    if (onlyProxies && !isTrusted) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    if (isTrusted || peer === undefined) return;
    const network = networkOf(peer);
    const count = this.#counts.get(network) ?? 0;
    this.#counts.set(network, count + 1);
    socket.on('close', () => {
      this.#release(network);
    });
    if (count >= limits.connectionsPerAddress) socket.destroy();
  };

  /** Closes all connections at once. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #release(network: string): void {
    const count = (this.#counts.get(network) ?? 1) - 1;
    if (count > 0) this.#counts.set(network, count);
    else this.#counts.delete(network);
  }
}
