import { existsSync, lstatSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EscrowError, systemCode } from '../../errors.ts';
import { readRegularFile } from '../../system/files/read-regular-file.ts';
import { isSecretName } from '../../contract/secret-name.ts';
import { runFile } from '../../run-directory/layout.ts';
import { SecretValue } from '../../vault/secret-value.ts';
import { nextflowHome } from './nextflow-home.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the path of Nextflow's own secrets store in this environment. */
export function localStorePath(env: Environment): string {
  return env['NXF_SECRETS_FILE'] || join(nextflowHome(env), 'secrets', 'store.json');
}

/** Returns the path of Nextflow's own secrets store, or null if it does not exist. */
export function findLocalStore(env: Environment): string | null {
  const path = localStorePath(env);
  if (!isThere(path)) return null;
  // A nextflow inside a task of a run inherits NXF_SECRETS_FILE. The store of that run is not the user's own.
  const isOurs = basename(path) === 'store.json' && existsSync(runFile(dirname(path), 'run'));
  return isOurs ? null : path;
}

/** Returns whether a path exists. An inaccessible path does not exist for Nextflow either. */
function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Returns the names in Nextflow's own store. Throws like readLocalStore. */
export function localStoreNames(path: string): string[] {
  return [...readLocalStore(path).keys()];
}

/** Reads Nextflow's own store under the same conditions as Nextflow. Never writes it. Throws `local-store-unreadable`. */
export function readLocalStore(path: string): Map<string, SecretValue> {
  let text;
  try {
    const mode = lstatSync(path).mode & 0o777;
    if (mode !== 0o600) throw unreadable(path, `it has mode ${mode.toString(8).padStart(4, '0')}, not 0600`);
    text = readRegularFile(path)?.toString('utf8');
    if (text === undefined) throw unreadable(path, 'it is not a regular file');
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    throw unreadable(path, String(systemCode(error)));
  }
  const entries = parse(path, text);
  const bad = entries.find(({ value }) => value.includes('\0'));
  if (bad !== undefined)
    throw unreadable(path, `the value of ${bad.name} contains a NUL, which cannot be delivered to a task`);
  return new Map(entries.map(({ name, value }) => [name, new SecretValue(Buffer.from(value))]));
}

function parse(path: string, text: string): { name: string; value: string }[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text === '' ? '[]' : text);
  } catch {
    throw unreadable(path, 'it is not JSON'); // the parser's message would quote values
  }
  if (!Array.isArray(entries) || !entries.every(isEntry))
    throw unreadable(path, 'it is not an array of {name, value}');
  return entries;
}

function isEntry(entry: unknown): entry is { name: string; value: string } {
  if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('value' in entry)) return false;
  return typeof entry.name === 'string' && typeof entry.value === 'string' && isSecretName(entry.name);
}

function unreadable(path: string, why: string): EscrowError {
  return new EscrowError('local-store-unreadable', `Cannot read Nextflow's secrets store "${path}": ${why}.`);
}
