import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { formatListenAddress, type ListenAddress, type ListenSetting } from '../../config/listen-address.ts';
import { formatHeader } from '../../contract/token-header.ts';
import type { TcpListener as Described } from '../../contract/types.ts';
import { asEscrowError, EscrowError, systemCode } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../../system/files/private-directory.ts';
import { closeServer } from './close-server.ts';
import { createHttpServer } from './http-server.ts';

/** Connections of all callers. Other users of this machine can open some, but not all that the daemon has descriptors for. */
const CONNECTIONS_MAX = 2000;
/** Interval between attempts to listen, and between checks that the token file exists. */
const CHECK_MS = 5000;

/** What a TCP listener needs. */
export interface TcpListenerOptions {
  readonly setting: ListenSetting;
  /** The address of an earlier daemon, which pages still use. The setting takes precedence. */
  readonly remembered?: ListenAddress;
  readonly tokenFile: string;
  /** Creates the API for a token. */
  readonly serve: (token: string) => Promise<RequestListener>;
  /** Reports that the configured address is not available yet. */
  readonly onProblem: (reason: string) => void;
  /** Reports that the listener leaves an address, on which another user may listen from now on. */
  readonly onLeave: () => void;
}

interface Open {
  readonly server: Server;
  readonly address: ListenAddress;
  readonly token: string;
}

/** The TCP listener of a daemon, on loopback. Each start has a new token, which the token file contains. */
export class TcpListener {
  readonly #options: TcpListenerOptions;
  /** The address of the setting, until a request names another one. */
  #wanted: ListenAddress | undefined;
  #open: Open | undefined;
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: TcpListenerOptions) {
    this.#options = options;
    const { setting, remembered } = options;
    this.#wanted = setting.address ?? (setting.isLocked ? undefined : remembered);
  }

  /** Listens on the configured address, if there is one, and retries until it is available. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#check(), CHECK_MS);
    await this.#check();
  }

  /**
   * Listens on an address in place of the current one. Does nothing if the listener is open there; port 0 matches any port.
   * Throws `address-unavailable`, and `not-permitted` if the site locks the setting.
   */
  async listen(address: ListenAddress): Promise<void> {
    const { setting } = this.#options;
    if (setting.isLocked && !matches(setting.address, address))
      throw new EscrowError(
        'not-permitted',
        `Cannot listen on ${formatListenAddress(address)}: the administrator of this machine has locked the setting listen.`,
        { hint: 'Ask the administrator of this machine.' },
      );
    await this.#alone(async () => {
      if (matches(address, this.#open?.address)) return;
      await this.#bind(address);
      this.#wanted = address;
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#alone(async () => {
      this.#wanted = undefined;
      const { server } = this.#open ?? {};
      if (server === undefined) return;
      this.#open = undefined;
      rmSync(this.#options.tokenFile, { force: true });
      await closeServer(server);
    });
  }

  /** The address of the open listener. */
  get address(): ListenAddress | undefined {
    return this.#open?.address;
  }

  /** Undefined if there is no listener and none is configured. */
  get status(): Described | undefined {
    const { tokenFile } = this.#options;
    if (this.#open !== undefined) return { address: formatListenAddress(this.#open.address), tokenFile };
    if (this.#wanted === undefined) return undefined;
    return {
      address: formatListenAddress(this.#wanted),
      ...(this.#problem === undefined ? {} : { error: this.#problem }),
    };
  }

  /** Opens the new server before the old one is closed, so that a failure changes nothing. */
  async #bind(wanted: ListenAddress): Promise<void> {
    const token = randomBytes(32).toString('base64url');
    const server = createHttpServer(await this.#options.serve(token));
    server.maxConnections = CONNECTIONS_MAX;
    await listenAt(server, wanted);
    try {
      this.#writeToken(token);
    } catch (error) {
      server.close();
      throw error;
    }
    const old = this.#open;
    this.#open = { server, token, address: { ...wanted, port: (server.address() as AddressInfo).port } };
    this.#problem = undefined;
    if (old === undefined) return;
    this.#options.onLeave();
    void closeServer(old.server); // not awaited, because the request that asks may be on it
  }

  #writeToken(token: string): void {
    inPrivateDirectory(
      this.#options.tokenFile,
      (entry) => {
        writeFileAtomic(entry, formatHeader(token));
      },
      { create: true },
    );
  }

  /** A daemon must remove secrets even if it cannot listen, so a failure is reported and retried. */
  async #check(): Promise<void> {
    await this.#alone(async () => {
      try {
        if (this.#open === undefined && this.#wanted !== undefined) await this.#bind(this.#wanted);
        else this.#restoreToken();
      } catch (error) {
        const { message } = asEscrowError(error);
        if (message !== this.#problem) this.#options.onProblem(message);
        this.#problem = message;
      }
    });
  }

  /** systemd deletes `$XDG_RUNTIME_DIR` at the user's last logout. The directory is not created again without the user. */
  #restoreToken(): void {
    const { tokenFile } = this.#options;
    if (this.#open === undefined || existsSync(tokenFile) || !existsSync(dirname(dirname(tokenFile)))) return;
    this.#writeToken(this.#open.token);
  }

  /** Serializes changes. */
  async #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined); // the caller of the failed change receives the error
    await done;
  }
}

function matches(one: ListenAddress | undefined, other: ListenAddress | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.host === other.host && (one.port === 0 || one.port === other.port);
}

async function listenAt(server: Server, { host, port }: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: unknown) => {
    const why = systemCode(error) ?? 'unknown';
    throw new EscrowError(
      'address-unavailable',
      `Cannot listen on ${formatListenAddress({ host, port })}: ${REASONS[why] ?? why}.`,
      { cause: error },
    );
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process uses the port',
  EACCES: 'only root can use ports below 1024',
  EADDRNOTAVAIL: 'this machine does not have the address',
};
