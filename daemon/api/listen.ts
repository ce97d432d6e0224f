import { existsSync, lstatSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createServer, type RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { EscrowError } from '../errors.ts';
import { openPrivateDirectory } from '../system/files/private-directory.ts';
import { SOCKET } from '../system/files/trust/trust-error.ts';

const TAKE_IN_MS = 20;
/** How long answers that are under way, and streams of events, may still take. */
const ANSWER_MS = 500;

/**
 * Listens on a Unix socket. A socket that is there already is stale: whoever holds the daemon's lock is the only one
 * who may listen. Throws `path-conflict` where something else stands.
 *
 * The socket is bound by the descriptor of its verified directory, which stays open until it is closed: what libuv then
 * unlinks is the name that it was bound by.
 */
export async function listenOn(app: RequestListener, path: string): Promise<Listening> {
  const directory = openPrivateDirectory(dirname(path), { purpose: SOCKET, create: true });
  const server = createServer(app);
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
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    server.closeIdleConnections();
    const force = setTimeout(() => {
      server.closeAllConnections();
    }, ANSWER_MS);
    await closed;
    clearTimeout(force);
    directory.close();
  };
  return {
    closeQuietly,
    close: async () => {
      // Closed already where the socket had gone and could not be made anew.
      if (directory.isOpen) rmSync(directory.at(basename(path)), { force: true }); // who comes now finds no daemon, and starts one
      await sleep(TAKE_IN_MS); // who came before is still let in
      await closeQuietly();
    },
  };
}

interface Listening {
  close(): Promise<void>;
  /** Without taking the socket's file away. */
  closeQuietly(): Promise<void>;
}

/** So often a socket that must be there is looked for. */
const LOOK_EVERY_MS = 5000;

/**
 * As listenOn, and again whenever the socket has gone: `$XDG_RUNTIME_DIR` is taken away with all that is in it at the
 * user's last logout, and made anew at the next login. Where it cannot be made now, that is tried again.
 */
export async function keepListening(app: RequestListener, path: string): Promise<{ close(): Promise<void> }> {
  let server = await listenOn(app, path);
  let closed = false;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    const above = dirname(dirname(path)); // what a user has taken away is not to come back
    if (closed || existsSync(path) || !existsSync(above)) return;
    await server.closeQuietly(); // first: whoever closes takes away what lies at its path
    server = await listenOn(app, path);
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew).catch(() => undefined); // nobody is logged in: the next look tries again
  }, LOOK_EVERY_MS);
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
    throw new EscrowError('path-conflict', `"${path}" is there and is not a socket.`);
  rmSync(path, { force: true });
}
