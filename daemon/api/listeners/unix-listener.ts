import { existsSync, lstatSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { EscrowError } from '../../errors.ts';
import { closeServer } from './close-server.ts';
import { createHttpServer } from './http-server.ts';
import { openPrivateDirectory } from '../../system/files/private-directory.ts';
import { SOCKET } from '../../system/files/trust/trust-error.ts';

/** Time for connections that are already in the kernel's queue to be accepted. */
const ACCEPT_MS = 20;

/**
 * Listens on a Unix socket. Replaces an existing socket, which is stale: only the process that holds the daemon's lock
 * listens. Throws `path-conflict` if another kind of file exists at the path.
 *
 * The socket is bound through the descriptor of its verified directory. The descriptor stays open until the server is
 * closed, because libuv then unlinks the path that was used to bind.
 */
export async function listenOn(app: RequestListener, path: string): Promise<Listening> {
  const directory = openPrivateDirectory(dirname(path), { purpose: SOCKET, create: true });
  const server = createHttpServer(app);
  try {
    directory.use(basename(path), removeStale);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(directory.at(basename(path)), resolve);
    });
  } catch (error) {
    directory.close();
    throw error;
  }
  const closeQuietly = async (): Promise<void> => {
    await closeServer(server);
    directory.close();
  };
  return {
    closeQuietly,
    close: async () => {
      // Unlinked first, so that a new command finds no daemon and starts one. The directory is already closed if the socket
      // was deleted and could not be created again.
      if (directory.isOpen) rmSync(directory.at(basename(path)), { force: true });
      await sleep(ACCEPT_MS);
      await closeQuietly();
    },
  };
}

interface Listening {
  /** Unlinks the socket and closes the server gracefully. */
  close(): Promise<void>;
  /** Closes the server gracefully without unlinking the socket first. */
  closeQuietly(): Promise<void>;
}

/** Interval between checks that the socket still exists. */
const CHECK_MS = 5000;

/**
 * Listens like `listenOn`, and creates the socket again whenever it was deleted: systemd deletes `$XDG_RUNTIME_DIR` at the
 * user's last logout and creates it again at the next login. Retries until the socket can be created.
 */
export async function keepListening(app: RequestListener, path: string): Promise<{ close(): Promise<void> }> {
  let server = await listenOn(app, path);
  let closed = false;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    const above = dirname(dirname(path)); // not created again: a user may have deleted it on purpose
    if (closed || existsSync(path) || !existsSync(above)) return;
    await server.closeQuietly(); // before listening again, because closing unlinks the path
    server = await listenOn(app, path);
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew).catch(() => undefined); // the next check retries
  }, CHECK_MS);
  return {
    close: async () => {
      closed = true;
      clearInterval(timer);
      await renewing;
      await server.close();
    },
  };
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket())
    throw new EscrowError(
      'path-conflict',
      `Cannot listen on "${path}": a file that is not a socket exists there.`,
    );
  rmSync(path, { force: true });
}
