import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import { constants } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createHttpServer, type TimeLimits } from '../../api/listeners/http-server.ts';
import { EscrowError, systemCode } from '../../errors.ts';
import { formatServerAddress, type ServerAddress } from '../configuration/server-address.ts';
import type { ServerSettings } from '../configuration/server-settings.ts';
import { secureOptionsOf, type Certificate } from '../tls/certificate.ts';
import { Connections } from './connections.ts';
import { bindServerSocket } from './server-socket.ts';

/** For a TLS handshake. */
const HANDSHAKE_MS = 10_000;
/** Longer than proxies keep idle connections (nginx: 60 s), so that the proxy closes them and no request is lost. */
const IDLE_MS = 75_000;
/** Time for the first request on a new connection during the shutdown. */
const NEW_MS = 1000;
/** Interval at which connections that have become idle are closed during the shutdown. */
const SWEEP_MS = 100;

/** What a listener needs. */
export interface ServerListenerOptions {
  readonly settings: Pick<ServerSettings, 'address' | 'limits' | 'trustedProxies'>;
  /** Undefined: plain HTTP. */
  readonly certificate: Certificate | undefined;
  readonly app: RequestListener;
  readonly times?: Partial<TimeLimits>;
}

/** The listener of a server: HTTPS, or plain HTTP for a proxy on this machine. */
export class ServerListener {
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #address: ServerAddress;
  #release: () => void = () => undefined;

  constructor({ settings, certificate, app, times }: ServerListenerOptions) {
    const { address, limits, trustedProxies } = settings;
    this.#address = address;
    this.#connections = new Connections({ limits, trustedProxies, onlyProxies: certificate === undefined });
    const create = certificate === undefined ? undefined : secureServer(certificate);
    this.#server = createHttpServer(app, { idleMs: IDLE_MS, ...times }, create);
    this.#server.maxConnections = limits.connections;
    this.#server.on('connection', this.#connections.add);
  }

  /** Starts to listen. Returns the address, with the port that the kernel chose for port 0. Throws `address-unavailable`. */
  async listen(): Promise<string> {
    const address = this.#address;
    try {
      if ('socketPath' in address) this.#release = await bindServerSocket(this.#server, address.socketPath);
      else await bind(this.#server, address);
    } catch (error) {
      if (error instanceof EscrowError) throw error;
      const code = systemCode(error) ?? 'unknown';
      throw new EscrowError(
        'address-unavailable',
        `Cannot listen on ${formatServerAddress(address)}: ${REASONS[code] ?? code}.`,
        { cause: error, hint: 'Set listen to another address, or stop the other process.' },
      );
    }
    if ('socketPath' in address) return formatServerAddress(address);
    const { port } = this.#server.address() as AddressInfo;
    return formatServerAddress({ host: address.host, port });
  }

  /** Uses another certificate for new connections. Open connections continue. */
  use(certificate: Certificate): void {
    (this.#server as unknown as TlsServer).setSecureContext(secureOptionsOf(certificate));
  }

  /**
   * Refuses new connections, and waits until the open requests are complete. Closes all connections when `signal` aborts, and at the
   * deadline. Removes the socket.
   */
  async close(deadlineMs: number, signal: AbortSignal): Promise<void> {
    await nextTurn(); // accepts the connections that the kernel has queued, which it would reset
    const closed = this.#stopListening();
    this.#release();
    const destroy = (): void => {
      this.#connections.destroy();
    };
    const startedAt = performance.now();
    const sweep = setInterval(() => {
      if (performance.now() - startedAt > NEW_MS) this.#server.closeIdleConnections();
    }, SWEEP_MS);
    const deadline = setTimeout(destroy, deadlineMs);
    if (signal.aborted) destroy();
    signal.addEventListener('abort', destroy);
    await closed;
    signal.removeEventListener('abort', destroy);
    clearTimeout(deadline);
    clearInterval(sweep);
    this.#server.close(); // stops the timer of Node's HTTP server
  }

  /** Unlike the method of an HTTP server, that of its base class closes no connection whose first request is in transit. */
  #stopListening(): Promise<void> {
    return new Promise((resolve) => {
      NetServer.prototype.close.call(this.#server, () => {
        resolve();
      });
    });
  }
}

function secureServer(certificate: Certificate): (options: ServerOptions) => Server {
  return (options) => {
    const { ca } = certificate;
    const server = createTlsServer({
      ...options,
      ...secureOptionsOf(certificate),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: HANDSHAKE_MS,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      requestCert: ca !== undefined,
      rejectUnauthorized: ca !== undefined,
    });
    // Node would answer a failed handshake like an invalid request, on a connection that cannot carry an answer.
    server.removeAllListeners('tlsClientError');
    server.on('tlsClientError', (_error: Error, socket: Socket) => {
      socket.destroy();
    });
    return server;
  };
}

async function bind(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process uses the port',
  EACCES: 'only root can use ports below 1024',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EAFNOSUPPORT: 'this machine does not support IPv6',
};
