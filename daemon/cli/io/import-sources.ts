import { readBytes, readStandardInput } from './read-bytes.ts';
import { EscrowError } from '../../errors.ts';
import { findLocalStore, readLocalStore } from '../../nextflow/launcher/local-store.ts';
import { readTextEntries, textFormats, unfitEntry } from '../../vault/transfer/import-text.ts';

/** Formats that secrets can be imported from. */
export const importSources = ['nextflow', ...textFormats] as const;
export type ImportSource = (typeof importSources)[number];

/** A name and its value, as sent to the daemon. */
export interface ImportedSecret {
  readonly name: string;
  readonly valueBase64: string;
}

/** FILE for standard input. */
const STANDARD_INPUT = '-';

/**
 * Reads secrets from Nextflow's own store (by default the one that Nextflow would use), a dotenv file, or JSON: an object
 * of names and strings, or an array of {name, value}. Without a file, or with `-`, reads standard input. Throws
 * `import-invalid`, `usage`.
 */
export async function readImport(
  source: ImportSource,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ImportedSecret[]> {
  if (source === 'nextflow' && file !== STANDARD_INPUT) return readStore(file ?? findLocalStore(env));
  if (file === undefined && process.stdin.isTTY)
    throw new EscrowError('usage', `--from ${source} requires a FILE, or - for standard input.`);
  const input = describeInput(file);
  const entries = readTextEntries(source === 'dotenv' ? 'dotenv' : 'json', input, await read(file));
  return entries.map(({ name, value }, index) => {
    if (value === undefined) throw unfitEntry(input, index + 1);
    return { name, valueBase64: Buffer.from(value).toString('base64') };
  });
}

/** Returns what messages call an input. */
export function describeInput(file: string | undefined): string {
  return file === undefined || file === STANDARD_INPUT ? 'standard input' : `"${file}"`;
}

function readStore(store: string | null): ImportedSecret[] {
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

async function read(file: string | undefined): Promise<Buffer> {
  return file === undefined || file === STANDARD_INPUT ? readStandardInput() : readBytes(file);
}
