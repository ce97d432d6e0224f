import { parseEnv } from 'node:util';
import { readBytes } from './read-bytes.ts';
import { EscrowError } from '../../errors.ts';
import { findLocalStore, readLocalStore } from '../../nextflow/launcher/local-store.ts';

/** Where secrets can be taken over from. */
export const importSources = ['nextflow', 'dotenv', 'json'] as const;
export type ImportSource = (typeof importSources)[number];

/** A name and its value, on the way to the daemon. */
export interface ImportedSecret {
  readonly name: string;
  readonly valueBase64: string;
}

/**
 * Reads the secrets of a file: Nextflow's own store (found where Nextflow would, when no file is named), a dotenv file,
 * or JSON: an object of names and texts, or an array of {name, value}. Throws `import-invalid`, `usage`.
 */
export async function readImport(
  source: ImportSource,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ImportedSecret[]> {
  if (source === 'nextflow') {
    const store = file ?? findLocalStore(env);
    if (store === null)
      throw new EscrowError('import-invalid', 'There is no secrets store of Nextflow here.');
    return [...readLocalStore(store)].map(([name, value]) => ({
      name,
      valueBase64: value.open().toString('base64'),
    }));
  }
  if (file === undefined) throw new EscrowError('usage', `--from ${source} needs a FILE.`);
  const text = await read(file);
  const entries = source === 'dotenv' ? parseDotenv(text) : parseJson(file, text);
  if (entries.length === 0) throw new EscrowError('import-invalid', `"${file}" holds no secrets.`);
  return entries.map(([name, value]) => ({ name, valueBase64: Buffer.from(value ?? '').toString('base64') }));
}

async function read(file: string): Promise<string> {
  const bytes = await readBytes(file);
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw new EscrowError('import-invalid', `"${file}" is not UTF-8 text.`);
}

/** A line without a name is none: Node 24 gives it an empty one, Node 20 leaves it out. */
function parseDotenv(text: string): [string, string | undefined][] {
  return Object.entries(parseEnv(text)).filter(([name]) => name !== '');
}

function parseJson(file: string, text: string): [string, string][] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new EscrowError('import-invalid', `"${file}" is not JSON.`); // the parser's own message would quote it
  }
  const entries = Array.isArray(parsed) ? parsed.map(entryOf) : Object.entries(parsed ?? {});
  return entries.map(([name, value], index) => {
    if (typeof name === 'string' && typeof value === 'string') return [name, value];
    throw new EscrowError(
      'import-invalid',
      `Entry ${String(index + 1)} of "${file}" is no name with a text.`,
    );
  });
}

function entryOf(entry: unknown): [unknown, unknown] {
  if (typeof entry !== 'object' || entry === null) return [undefined, undefined];
  const { name, value } = entry as Record<string, unknown>;
  return [name, value];
}
