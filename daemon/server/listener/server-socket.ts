import { connect, type Server } from 'node:net';
import { lstatSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EscrowError, systemCode } from '../../errors.ts';
import { pathError } from '../../system/files/path-error.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { openTrusted } from '../../system/files/trust/trusted-path.ts';

const DIRECTORY: Purpose = { what: 'socket directory', variable: 'listen', example: 'server.sock' };
/** The proxy runs as another user of the same group. */
const UMASK = 0o117;

/**
 * Binds a server to a Unix socket of mode 0660 in an existing directory that nobody else can change. Replaces the socket of a killed
 * server, and refuses one on which a process listens. Returns a function that unlinks the socket. Throws `path-conflict`,
 * `permissions-too-open`, `address-unavailable`.
 */
export async function bindServerSocket(server: Server, path: string): Promise<() => void> {
  const directory = openTrusted({ path: dirname(path), purpose: DIRECTORY, need: 'unwritable' });
  if (directory === undefined)
    throw pathError(dirname(path), Object.assign(new Error('no such directory'), { code: 'ENOENT' }));
  const entry = directory.at(basename(path));
  try {
    await removeStale(path, entry);
    await new Promise<void>((resolve, reject) => {
      const umask = process.umask(UMASK); // libuv binds during the call of `listen`
      try {
        server.once('error', reject).listen(entry, () => {
          server.off('error', reject);
          resolve();
        });
      } finally {
        process.umask(umask);
      }
    });
  } catch (error) {
    directory.close();
    throw error;
  }
  // The descriptor stays open until the server is closed, because libuv then unlinks the path that was used to bind.
  server.on('close', () => {
    directory.close();
  });
  return () => {
    if (directory.isOpen) rmSync(entry, { force: true });
  };
}

async function removeStale(path: string, entry: string): Promise<void> {
  const found = lstatSync(entry, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new EscrowError(
      'path-conflict',
      `Cannot listen on "${path}": a file that is not a socket exists there.`,
    );
  if (await isListening(entry))
    throw new EscrowError(
      'address-unavailable',
      `Cannot listen on "${path}": another process listens there.`,
      {
        hint: 'Set listen to another path, or stop the other process.',
      },
    );
  rmSync(entry, { force: true });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error) => {
      resolve(!['ECONNREFUSED', 'ENOENT'].includes(systemCode(error) ?? ''));
    });
  });
}
