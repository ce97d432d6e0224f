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
import { vaultKey, type VaultKey } from '../encryption.ts';

/** Where a vault key comes from. */
export type KeySource = 'file' | 'passphrase' | 'command';

/** One key of the ring: in the file itself, or to be derived from what a person or a command gives. */
export type RingEntry = FileEntry | DerivedEntry;

interface FileEntry {
  readonly source: 'file';
  readonly key: VaultKey;
}

interface DerivedEntry {
  readonly source: 'passphrase' | 'command';
  readonly id: string;
  readonly cost: Cost;
}

/** The keys of a vault. The first one seals; more than one are there only while the vault is given a new key. */
export type KeyRing = readonly [RingEntry, ...RingEntry[]];

const FILE = /^nf-escrow-key-1 ([0-9a-f]{64})$/;
const DERIVED =
  /^nf-escrow-key-2 (passphrase|command) ([0-9a-f]{16}) scrypt ([0-9]{1,8}) ([0-9]{1,3}) ([0-9]{1,3}) ([0-9a-f]{32})$/;

export function idOf(entry: RingEntry): string {
  return entry.source === 'file' ? entry.key.id : entry.id;
}

/** Reads the key file; undefined where there is none. Throws when others can read it or it holds no key. */
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
  if (first === undefined) throw new EscrowError('vault-key-mismatch', `"${path}" holds no vault key.`);
  return [first, ...others];
}

function readText(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  assertPrivateFile(path);
  return readFileSync(path, 'utf8');
}

/** Replaces the key file; durable when this returns. Throws `vault-key-file-unusable`. */
export function writeRing(path: string, ring: KeyRing): void {
  writeKeyFile(path, (entry) => writeFileAtomic(entry, format(ring)));
}

/** Makes a ring of one new key. When another process was faster, its ring is the ring. */
export function createRing(path: string): KeyRing {
  writeKeyFile(path, (entry) => createFileAtomic(entry, format([newFileEntry()])));
  const ring = readRing(path);
  if (ring === undefined) throw new EscrowError('vault-key-missing', `"${path}" went away as it was made.`);
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

export function newFileEntry(): FileEntry {
  return { source: 'file', key: vaultKey(randomBytes(32)) };
}

function format(ring: KeyRing): string {
  return ring
    .map((entry) => {
      if (entry.source === 'file') return `nf-escrow-key-1 ${entry.key.bytes.toString('hex')}\n`;
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
  throw new EscrowError('vault-key-mismatch', `"${path}" holds a line that is no vault key.`);
}
