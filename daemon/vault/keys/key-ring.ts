import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { createFileAtomic, removeTemporaryFiles, writeFileAtomic } from '../../system/files/atomic-write.ts';
import { assertPrivateFile, inPrivateDirectory } from '../../system/files/private-directory.ts';
import { STATE } from '../../system/files/trust/trust-error.ts';
import { openTrusted } from '../../system/files/trust/trusted-path.ts';
import { withKeyFile } from './key-file-error.ts';
import { newCost, type Cost } from './derive-key.ts';
import type { WrappedKey } from './key-service.ts';
import { vaultKey, type VaultKey } from '../encryption.ts';

/** Where a vault key comes from. */
export type KeySource = 'file' | 'passphrase' | 'command' | 'kms';

/**
 * One key of the ring. The key file holds the key itself, or how to derive it from a passphrase or a command's output, or the key as a
 * key service has encrypted it.
 */
export type RingEntry = FileEntry | DerivedEntry | WrappedEntry;

interface FileEntry {
  readonly source: 'file';
  readonly key: VaultKey;
}

interface DerivedEntry {
  readonly source: 'passphrase' | 'command';
  readonly id: string;
  readonly cost: Cost;
}

/** A key that AWS KMS decrypts. */
export interface WrappedEntry {
  readonly source: 'kms';
  readonly id: string;
  readonly wrapped: WrappedKey;
}

/** The keys of a vault. The first one encrypts. Further keys exist only during a rekey. */
export type KeyRing = readonly [RingEntry, ...RingEntry[]];

const FILE = /^nf-escrow-key-1 ([0-9a-f]{64})$/;
const DERIVED =
  /^nf-escrow-key-2 (passphrase|command) ([0-9a-f]{16}) scrypt ([0-9]{1,8}) ([0-9]{1,3}) ([0-9]{1,3}) ([0-9a-f]{32})$/;

/** At most 6144 bytes: `CiphertextBlob` in the API reference of AWS KMS. */
const WRAPPED =
  /^nf-escrow-key-3 kms ([0-9a-f]{16}) (arn:[a-z0-9-]{1,30}:kms:[a-z0-9-]{1,30}:[0-9]{12}:key\/[A-Za-z0-9-]{1,100}) ([A-Za-z0-9+/]{4,8192}={0,2})$/;

/** Returns the id of a key without deriving or decrypting it. */
export function idOf(entry: RingEntry): string {
  return entry.source === 'file' ? entry.key.id : entry.id;
}

/**
 * Reads the key file. Returns undefined if it does not exist. Throws `permissions-too-open`, `vault-key-mismatch` for a
 * file without a valid key, `vault-key-file-unusable`.
 */
export function readRing(path: string): KeyRing | undefined {
  const text = withKeyFile(path, 'read', () => {
    const directory = openTrusted({ path: dirname(path), purpose: STATE, need: 'unwritable' });
    try {
      return directory?.use(basename(path), readText);
    } finally {
      directory?.close();
    }
  });
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  const [first, ...others] = lines.filter((line) => line !== '').map((line) => parse(path, line));
  if (first === undefined)
    throw new EscrowError('vault-key-mismatch', `The vault key file "${path}" contains no key.`);
  return [first, ...others];
}

function readText(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  assertPrivateFile(path);
  return readFileSync(path, 'utf8');
}

/** Replaces the key file. The change is durable when this returns. Throws `vault-key-file-unusable`. */
export function writeRing(path: string, ring: KeyRing): void {
  writeKeyFile(path, (entry) => writeFileAtomic(entry, format(ring)));
}

/** Creates a key file with one new key. Returns the existing ring if another process created the file first. */
export function createRing(path: string): KeyRing {
  writeKeyFile(path, (entry) => createFileAtomic(entry, format([newFileEntry()])));
  const ring = readRing(path);
  if (ring === undefined)
    throw new EscrowError(
      'vault-key-missing',
      `The new vault key file "${path}" was deleted by another process.`,
    );
  return ring;
}

function writeKeyFile(path: string, write: (entry: string) => unknown): void {
  const replace = (entry: string): void => {
    removeTemporaryFiles(entry);
    write(entry);
  };
  withKeyFile(path, 'write', () => {
    inPrivateDirectory(path, replace, { create: true });
  });
}

/** Returns a new random key that the key file itself holds. */
export function newFileEntry(): FileEntry {
  return { source: 'file', key: vaultKey(randomBytes(32)) };
}

function format(ring: KeyRing): string {
  return ring
    .map((entry) => {
      if (entry.source === 'file') return `nf-escrow-key-1 ${entry.key.bytes.toString('hex')}\n`;
      if (entry.source === 'kms') {
        const { keyArn, blob } = entry.wrapped;
        return `nf-escrow-key-3 kms ${entry.id} ${keyArn} ${blob.toString('base64')}\n`;
      }
      const { n, r, p, salt } = entry.cost;
      const numbers = [n, r, p].map(String).join(' ');
      return `nf-escrow-key-2 ${entry.source} ${entry.id} scrypt ${numbers} ${salt.toString('hex')}\n`;
    })
    .join('');
}

function parse(path: string, line: string): RingEntry {
  const hex = FILE.exec(line)?.[1];
  if (hex !== undefined) return { source: 'file', key: vaultKey(Buffer.from(hex, 'hex')) };
  const [, source, id, n, r, p, salt] = DERIVED.exec(line) ?? [];
  if ((source === 'passphrase' || source === 'command') && id !== undefined && salt !== undefined) {
    const cost = newCost({ n: Number(n), r: Number(r), p: Number(p), salt: Buffer.from(salt, 'hex') });
    return { source, id, cost };
  }
  const [, wrappedId, keyArn, blob] = WRAPPED.exec(line) ?? [];
  if (wrappedId !== undefined && keyArn !== undefined && blob !== undefined)
    return { source: 'kms', id: wrappedId, wrapped: { keyArn, blob: Buffer.from(blob, 'base64') } };
  throw new EscrowError(
    'vault-key-mismatch',
    `The vault key file "${path}" contains a line that is not a key.`,
  );
}
