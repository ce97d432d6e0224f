import { readdirSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { connect, REQUEST_HEADERS, type Method } from '../api-client/client.ts';
import type { SpooledRequest, SpooledAnswer } from '../api-client/spool-client.ts';
import { assertTravels } from '../api-client/spool-routes.ts';
import type { Paths } from '../config/paths.ts';
import { asEscrowError, EscrowError, systemCode } from '../errors.ts';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { openPrivateDirectory } from '../system/files/private-directory.ts';
import type { VerifiedDirectory } from '../system/files/trust/verified-directory.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { problemOf } from './problem.ts';

/** Polling interval: file system events do not report writes of another host. */
const POLL_MS = 500;
const LENGTH_MAX = 4 * 1024 * 1024;
const REQUEST = /^([0-9a-f]{24})\.request$/;
const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies Method[];

/**
 * Serves requests that commands on other hosts write to the spool, like requests on the socket. Only the daemon's user
 * can write there. Returns a function that stops the server.
 */
export function serveSpool({ spool, socket, stateSocket }: Paths): () => void {
  const start = openPrivateDirectory(spool, { create: true });
  // Requests from before the start: their commands have timed out.
  for (const name of readdirSync(start.self)) rmSync(start.at(name), { recursive: true, force: true });
  start.close();
  const daemon = connect(stateSocket ?? socket);
  const answer = async (directory: VerifiedDirectory, id: string): Promise<void> => {
    const taken = directory.at(`${id}.taken`);
    renameSync(directory.at(`${id}.request`), taken); // fails if the command has just timed out
    const text = readFileNoFollow(taken, LENGTH_MAX)?.toString('utf8') ?? '';
    rmSync(taken, { recursive: true, force: true });
    writeFileAtomic(directory.at(`${id}.answer`), JSON.stringify(await ask(text)));
  };
  const ask = async (text: string): Promise<SpooledAnswer> => {
    try {
      const { method, path, body, headers } = readSpooled(text);
      // Checked here too: the command may have another version, with another list.
      assertTravels(method, path, body, hostname());
      return { status: 200, body: await daemon.call(method, path, body, headers) };
    } catch (error) {
      const known = asEscrowError(error);
      return { status: known.row.http, body: problemOf(known) };
    }
  };
  /** Opens the directory each time, because it may have been deleted and created again. */
  const poll = async (): Promise<void> => {
    const directory = openPrivateDirectory(spool);
    try {
      // A request that fails here gets no answer, and its command times out.
      await Promise.allSettled(requestsIn(directory.self).map(async (id) => answer(directory, id)));
    } finally {
      directory.close();
    }
  };
  const timer = setInterval(() => {
    poll().catch(() => undefined); // no requests are served while the directory is missing or not trusted
  }, POLL_MS);
  return () => {
    clearInterval(timer);
  };
}

function requestsIn(spool: string): string[] {
  try {
    return readdirSync(spool).flatMap((name) => REQUEST.exec(name)?.[1] ?? []);
  } catch (error) {
    if (['ENOENT', 'ESTALE', 'EIO'].includes(systemCode(error) ?? '')) return []; // the file server is unavailable: the next poll retries
    throw error;
  }
}

/** Parses a request. Throws `request-invalid`, which never quotes the request. */
function readSpooled(text: string): SpooledRequest {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    read = undefined;
  }
  const { method, path, body, headers = {} } = (read ?? {}) as Partial<SpooledRequest>;
  if (typeof method === 'string' && METHODS.includes(method) && typeof path === 'string' && areKnown(headers))
    return { method, path, headers, ...(body === undefined ? {} : { body }) };
  throw new EscrowError(
    'request-invalid',
    'Cannot parse a request in the spool: it has no valid method and path.',
  );
}

function areKnown(headers: object): boolean {
  return Object.entries(headers).every(
    ([name, value]) => REQUEST_HEADERS.some((known) => known === name) && typeof value === 'string',
  );
}
