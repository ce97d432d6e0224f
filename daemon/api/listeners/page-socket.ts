import type { RequestListener } from 'node:http';
import { keepListening } from './unix-listener.ts';

/** What the page socket needs. */
export interface PageSocketOptions {
  readonly path: string;
  /** Creates the API with a guard that accepts sessions only. */
  readonly serve: () => Promise<RequestListener>;
}

/**
 * The socket that people forward with SSH to open the web page. Unlike the daemon's socket, it requires the token of a session:
 * its other end is a TCP port of another machine, to which all users of that machine and all pages in their browsers can connect.
 */
export class PageSocket {
  readonly path: string;
  readonly #serve: () => Promise<RequestListener>;
  #open: Promise<{ close(): Promise<void> }> | undefined;

  constructor({ path, serve }: PageSocketOptions) {
    this.path = path;
    this.#serve = serve;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** Listens. Does nothing if the socket is open. Throws like `keepListening`. */
  async open(): Promise<void> {
    this.#open ??= this.#listen();
    try {
      await this.#open;
    } catch (error) {
      this.#open = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await (await this.#open)?.close();
  }

  async #listen(): Promise<{ close(): Promise<void> }> {
    return keepListening(await this.#serve(), this.path);
  }
}
