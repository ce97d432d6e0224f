import { parseEnv } from 'node:util';
import { readBytes } from './read-bytes.ts';
import { EscrowError } from '../../errors.ts';
import { findLocalStore, readLocalStore } from '../../nextflow/launcher/local-store.ts';

/** Formats that secrets can be imported from. */
export const importSources = ['nextflow', 'dotenv', 'json'] as const;
export type ImportSource = (typeof importSources)[number];

/** A name and its value, as sent to the daemon. */
export interface ImportedSecret {
  readonly name: string;
  readonly valueBase64: string;
}

/**
 * Reads secrets from Nextflow's own store (by default the one that Nextflow would use), a dotenv file, or JSON: an object
 * of names and strings, or an array of {name, value}. Throws `import-invalid`, `usage`.
 */
export async function readImport(
  source: ImportSource,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ImportedSecret[]> {
  if (source === 'nextflow') {
    const store = file ?? findLocalStore(env);
    if (store === null)
      throw new EscrowError(
        'import-invalid',
        "Cannot import secrets: Nextflow's secrets store does not exist.",
      );
    return [...readLocalStore(store)].map(([name, value]) => ({
      name,
      valueBase64: value.open().toString('base64'),
    }));
  }
  if (file === undefined) throw new EscrowError('usage', `--from ${source} requires a FILE.`);
  const text = await read(file);
  const entries = source === 'dotenv' ? parseDotenv(text) : parseJson(file, text);
  if (entries.length === 0)
    throw new EscrowError('import-invalid', `Cannot import "${file}": it contains no secrets.`);
  return entries.map(([name, value]) => ({ name, valueBase64: Buffer.from(value ?? '').toString('base64') }));
}

async function read(file: string): Promise<string> {
  const bytes = await readBytes(file);
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw new EscrowError('import-invalid', `Cannot import "${file}": it is not UTF-8 text.`);
}

/** Skips lines without a name: Node 24 returns them with an empty name, Node 20 skips them. */
function parseDotenv(text: string): [string, string | undefined][] {
  return Object.entries(parseEnv(text)).filter(([name]) => name !== '');
}

function parseJson(file: string, text: string): [string, string][] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new EscrowError('import-invalid', `Cannot import "${file}": it is not JSON.`); // the parser's message would quote values
  }
  const entries = Array.isArray(parsed) ? parsed.map(entryOf) : Object.entries(parsed ?? {});
  return entries.map(([name, value], index) => {
    if (typeof name === 'string' && typeof value === 'string') return [name, value];
    throw new EscrowError(
      'import-invalid',
      `Cannot import "${file}": entry ${String(index + 1)} is not a name with a string.`,
    );
  });
}

function entryOf(entry: unknown): [unknown, unknown] {
  if (typeof entry !== 'object' || entry === null) return [undefined, undefined];
  const { name, value } = entry as Record<string, unknown>;
  return [name, value];
}
