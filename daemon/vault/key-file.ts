import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EscrowError } from '../errors.ts';
import { createDurable } from '../host/durable.ts';
import { assertPrivateFile, ensurePrivateDirectory } from '../host/private-directory.ts';
import { vaultKey, type VaultKey } from './seal.ts';

const FORM = /^nf-escrow-key-1 ([0-9a-f]{64})\n?$/;

/** Reads the key file; undefined where there is none. Throws when others can read it or it holds no key. */
export function readKeyFile(path: string): VaultKey | undefined {
  if (!existsSync(path)) return undefined;
  assertPrivateFile(path);
  const hex = FORM.exec(readFileSync(path, 'utf8'))?.[1];
  if (hex === undefined) throw new EscrowError('vault-key-wrong', `"${path}" holds no vault key.`);
  return vaultKey(Buffer.from(hex, 'hex'));
}

/** Makes a new key, durable before it is used. When another process was faster, its key is the key. */
export function createKeyFile(path: string): VaultKey {
  ensurePrivateDirectory(dirname(path));
  createDurable(path, `nf-escrow-key-1 ${randomBytes(32).toString('hex')}\n`);
  const key = readKeyFile(path);
  if (key === undefined) throw new EscrowError('vault-key-missing', `"${path}" went away as it was made.`);
  return key;
}
