import { readdirSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { connect, type Method } from '../api-client/client.ts';
import type { SpooledRequest, SpooledAnswer } from '../api-client/spool-client.ts';
import { assertTravels } from '../api-client/spool-routes.ts';
import type { Paths } from '../config/paths.ts';
import { asEscrowError, EscrowError, systemCode } from '../errors.ts';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { openPrivateDirectory } from '../system/files/private-directory.ts';
import type { VerifiedDirectory } from '../system/files/trust/verified-directory.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { problemOf } from './problem.ts';

/** Nobody tells of what another host writes. */
const LOOK_EVERY_MS = 500;
const LENGTH_MAX = 4 * 1024 * 1024;
const REQUEST = /^([0-9a-f]{24})\.request$/;
const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies Method[];

/**
 * Answers what commands on other hosts ask through the state directory, each as if it had come by the socket. Whoever
 * can write there is the daemon's own user: the directory is theirs alone. Returns what stops it.
 */
export function serveSpool({ spool, socket, stateSocket }: Paths): () => void {
  const start = openPrivateDirectory(spool, { create: true });
  for (const name of readdirSync(start.self)) rmSync(start.at(name), { recursive: true, force: true }); // of commands that gave up by now
  start.close();
  const daemon = connect(stateSocket ?? socket);
  const answer = async (directory: VerifiedDirectory, id: string): Promise<void> => {
    const taken = directory.at(`${id}.taken`);
    renameSync(directory.at(`${id}.request`), taken); // fails when its command gave up a moment ago
    const text = readFileNoFollow(taken, LENGTH_MAX)?.toString('utf8') ?? '';
    rmSync(taken, { recursive: true, force: true });
    writeFileAtomic(directory.at(`${id}.answer`), JSON.stringify(await ask(text)));
  };
  const ask = async (text: string): Promise<SpooledAnswer> => {
    try {
      const { method, path, body } = readSpooled(text);
      // The command may be of another version, with another list.
      assertTravels(method, path, body, hostname());
      return { status: 200, body: await daemon.call(method, path, body) };
    } catch (error) {
      const known = asEscrowError(error);
      return { status: known.row.http, body: problemOf(known) };
    }
  };
  /** Opened at each look: one that was made anew meanwhile is where requests come from now on. */
  const look = async (): Promise<void> => {
    const directory = openPrivateDirectory(spool);
    try {
      // Its command is told nothing where that fails, and gives up.
      await Promise.allSettled(requestsIn(directory.self).map(async (id) => answer(directory, id)));
    } finally {
      directory.close();
    }
  };
  const timer = setInterval(() => {
    look().catch(() => undefined); // as long as it cannot be trusted, or is not there, nothing in it is answered
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

function requestsIn(spool: string): string[] {
  try {
    return readdirSync(spool).flatMap((name) => REQUEST.exec(name)?.[1] ?? []);
  } catch (error) {
    if (['ENOENT', 'ESTALE', 'EIO'].includes(systemCode(error) ?? '')) return []; // the file server is away for a while
    throw error;
  }
}

/** Throws `request-invalid`; what stood there is not repeated. */
function readSpooled(text: string): SpooledRequest {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    read = undefined;
  }
  const { method, path, body } = (read ?? {}) as Partial<SpooledRequest>;
  if (typeof method === 'string' && METHODS.includes(method) && typeof path === 'string')
    return { method, path, ...(body === undefined ? {} : { body }) };
  throw new EscrowError('request-invalid', 'Cannot read a request in the spool: it is not one of nf-escrow.');
}
