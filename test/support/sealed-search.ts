import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { open, type SealContext, type VaultKey } from '../../daemon/vault/encryption.ts';

/** An encrypted value from the ledger. */
export interface Sealed {
  readonly context: SealContext;
  readonly bytes: Buffer;
}

/** Returns all encrypted values of a ledger. */
export function readSealed(path: string): Sealed[] {
  const database = new Database(path, { readonly: true });
  const [ledger] = database.prepare(`SELECT value FROM meta WHERE key = 'ledger'`).all() as {
    value: string;
  }[];
  const rows = database.prepare('SELECT * FROM secret_versions').all() as {
    secret_id: string;
    scope_id: string;
    name: string;
    version: number;
    sealed: ArrayBuffer;
  }[];
  database.close();
  return rows.map(({ secret_id: secret, scope_id: scope, name, version, sealed }) => ({
    context: { ledger: ledger?.value ?? '', scope, secret, name, version },
    bytes: Buffer.from(sealed),
  }));
}

const HEAD = 9;
const PIECE = 16;

/**
 * Returns what an attacker with the key finds of these values in the raw bytes of the files in a directory: values that
 * decrypt at any position that starts like an encrypted value, and fragments of encrypted bytes at any offset.
 */
export function findSealed(directory: string, values: readonly Sealed[], key: VaultKey): string[] {
  const keyId = Buffer.from(key.id, 'hex');
  const pieces = new Map<number, [Buffer, Sealed][]>();
  for (const value of values)
    for (let at = HEAD; at + PIECE <= value.bytes.length; at += PIECE) {
      const piece = value.bytes.subarray(at, at + PIECE);
      const start = piece.readUInt32LE(0);
      pieces.set(start, [...(pieces.get(start) ?? []), [piece, value]]);
    }
  const found = new Set<string>();
  for (const path of filesBelow(directory)) {
    const content = readFileSync(path);
    const report = ({ context: { name, version } }: Sealed, how: string): unknown =>
      found.add(`${name} ${String(version)} ${how} in ${path.slice(directory.length + 1)}`);
    for (let at = content.indexOf(keyId); at !== -1; at = content.indexOf(keyId, at + 1))
      for (const value of values)
        if (opens(content.subarray(at - 1, at - 1 + value.bytes.length), value, key)) report(value, 'opens');
    for (let at = 0; at + PIECE <= content.length; at += 1)
      for (const [piece, value] of pieces.get(content.readUInt32LE(at)) ?? [])
        if (piece.equals(content.subarray(at, at + PIECE))) report(value, 'is in part');
  }
  return [...found].sort();
}

function opens(bytes: Buffer, { context }: Sealed, key: VaultKey): boolean {
  try {
    return open(bytes, context, key).open().length > 0;
  } catch {
    return false;
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
