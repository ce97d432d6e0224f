import { parseEnv } from 'node:util';
import { EscrowError } from '../../errors.ts';

/** Text formats from which secrets can be imported. */
export const textFormats = ['dotenv', 'json'] as const;
export type TextFormat = (typeof textFormats)[number];

/** A name in a text, with its value. */
export interface TextEntry {
  readonly name: string;
  /** Undefined if it is not text, such as a number in JSON. */
  readonly value: string | undefined;
}

/**
 * Returns the names and values in a text: dotenv, or JSON (an object of names and strings, or an array of {name, value}). Without
 * entries, the text contains no secrets. `input` is what messages call the text. Throws `import-invalid`, without quoting the text.
 */
export function readTextEntries(format: TextFormat, input: string, bytes: Uint8Array): TextEntry[] {
  const text = Buffer.from(bytes).toString('utf8');
  if (!Buffer.from(text).equals(bytes))
    throw new EscrowError('import-invalid', `Cannot import ${input}: it is not UTF-8 text.`);
  const entries = format === 'dotenv' ? parseDotenv(text) : parseJson(input, text);
  if (entries.length > 0) return entries;
  throw new EscrowError('import-invalid', `Cannot import ${input}: it contains no secrets.`);
}

/** Returns the error of an entry without a name or with a value that is not text. `position` counts from 1. */
export function unfitEntry(input: string, position: number): EscrowError {
  return new EscrowError(
    'import-invalid',
    `Cannot import ${input}: entry ${String(position)} is not a name with a string value.`,
  );
}

/** Skips lines without a name: Node 24 returns them with an empty name, Node 20 skips them. */
function parseDotenv(text: string): TextEntry[] {
  const found = Object.entries(parseEnv(text)).filter(([name]) => name !== '');
  return found.map(([name, value = '']) => ({ name, value }));
}

function parseJson(input: string, text: string): TextEntry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new EscrowError('import-invalid', `Cannot import ${input}: it is not JSON.`); // the parser's message would quote values
  }
  const entries = Array.isArray(parsed) ? parsed.map(entryOf) : Object.entries(parsed ?? {});
  return entries.map(([name, value], index) => {
    if (typeof name !== 'string') throw unfitEntry(input, index + 1);
    return { name, value: typeof value === 'string' ? value : undefined };
  });
}

function entryOf(entry: unknown): [unknown, unknown] {
  if (typeof entry !== 'object' || entry === null) return [undefined, undefined];
  const { name, value } = entry as Record<string, unknown>;
  return [name, value];
}
