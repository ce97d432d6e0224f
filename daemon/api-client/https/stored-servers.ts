import type { StoredServers } from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import { EscrowError } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { assertPrivateFile, inPrivateDirectory } from '../../system/files/private-directory.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { readTrustedFile } from '../../system/files/trust/trusted-file.ts';
import { connectServer, type ServerClient } from './server-client.ts';

/** A team server that the user is signed in to. */
export type StoredServer = StoredServers['servers'][number];

const FILE: Purpose = { what: 'file of servers', variable: 'NF_ESCROW_HOME', example: '.nf-escrow' };
const BYTES_MAX = 64 * 1024;
/** A person or a run waits for the answer. */
const TIMEOUT_MS = 30_000;
/** More than a list of 100,000 secrets, or the payload of a release. It bounds the memory that a hostile server could fill. */
const TOTAL_MAX = 128 * 1024 * 1024;

/**
 * Reads the servers that the user is signed in to; none without the file. Throws `config-invalid`, `permissions-too-open`,
 * `path-conflict`. No error quotes the content, which contains tokens.
 */
export function readStoredServers(path: string): readonly StoredServer[] {
  const bytes = readTrustedFile(path, FILE, BYTES_MAX);
  if (bytes === undefined) return [];
  assertPrivateFile(path);
  try {
    return validate<'StoredServers'>('stored-servers.json', JSON.parse(bytes.toString('utf8'))).servers;
  } catch {
    throw new EscrowError('config-invalid', `Cannot read the file of servers "${path}": it is damaged.`, {
      hint: 'Delete the file, then sign in again: nf-escrow login URL',
    });
  }
}

/** Writes the file with mode 0600. */
export function writeStoredServers(path: string, servers: readonly StoredServer[]): void {
  const text = `${JSON.stringify({ servers }, undefined, 2)}\n`;
  inPrivateDirectory(
    path,
    (entry) => {
      writeFileAtomic(entry, text);
    },
    { create: true },
  );
}

/** Connects to a stored server. The caller closes the client. Throws `config-invalid`, `permissions-too-open`. */
export function connectStored({ url, token, caFile }: StoredServer): ServerClient {
  return connectServer({
    url: new URL(url),
    token,
    timeoutMs: TIMEOUT_MS,
    totalMax: TOTAL_MAX,
    ...(caFile === null ? {} : { caFile }),
  });
}
