import { readListenAddress } from '../config/listen-address.ts';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { inPrivateDirectory } from '../system/files/private-directory.ts';
import { SOCKET } from '../system/files/trust/trust-error.ts';
import { readTrustedFile } from '../system/files/trust/trusted-file.ts';

/** What the daemon keeps of a session. Neither the hash nor the key gives access to the API. */
export interface StoredSession {
  readonly id: string;
  /** SHA-256 of the token. */
  readonly tokenHash: string;
  readonly proofKey: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Where pages reach the daemon. */
export interface Places {
  /** HOST:PORT of the TCP listener. */
  readonly address?: string;
  /** Whether pages use the page socket. */
  readonly socket: boolean;
}

/** The content of the file. */
export interface SessionFile {
  readonly sessions: readonly StoredSession[];
  readonly places: Places;
}

const BYTES_MAX = 64 * 1024;
const SESSION = /^session ([\w-]{22}) ([\w-]{43}) ([\w-]{43}) ([0-9]{1,15})$/;
const ADDRESS = /^address (.{1,64})$/;

/** Reads the file. A file that others can change, and lines that are invalid, count as absent: pages then sign in again. */
export function readSessionFile(path: string): SessionFile {
  const lines = readLines(path);
  const sessions = lines.flatMap((line) => {
    const [, id, tokenHash, proofKey, expiry] = SESSION.exec(line) ?? [];
    if (id === undefined || tokenHash === undefined || proofKey === undefined) return [];
    return [{ id, tokenHash, proofKey, expiresAt: Number(expiry) }];
  });
  const address = lines.map((line) => ADDRESS.exec(line)?.[1]).find((text) => text !== undefined);
  const socket = lines.includes('socket');
  return { sessions, places: isAddress(address) ? { address, socket } : { socket } };
}

/** Writes the file with mode 0600. */
export function writeSessionFile(path: string, { sessions, places: { address, socket } }: SessionFile): void {
  const lines = [
    ...(address === undefined ? [] : [`address ${address}`]),
    ...(socket ? ['socket'] : []),
    ...sessions.map((one) => `session ${one.id} ${one.tokenHash} ${one.proofKey} ${String(one.expiresAt)}`),
  ];
  inPrivateDirectory(
    path,
    (entry) => {
      writeFileAtomic(entry, lines.map((line) => `${line}\n`).join(''));
    },
    { create: true },
  );
}

function readLines(path: string): readonly string[] {
  try {
    return (readTrustedFile(path, SOCKET, BYTES_MAX)?.toString('latin1') ?? '').split('\n');
  } catch {
    return []; // without a session, a page asks its user to sign in again
  }
}

function isAddress(text: string | undefined): text is string {
  try {
    return text !== undefined && readListenAddress(text).port > 0;
  } catch {
    return false;
  }
}
