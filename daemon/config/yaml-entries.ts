import type { Document, LineCounter } from 'yaml';
import { EscrowError } from '../errors.ts';

/** A key of a YAML file with its value. */
export interface YamlEntry {
  readonly key: string;
  readonly value: unknown;
  /** Where it is, for a message: `"/etc/x.yaml", line 3, column 1`. */
  readonly place: string;
}

/** By the parser's code. The parser's own messages quote the file, which may contain a command with a password. */
const REASONS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation is wrong',
  BLOCK_AS_IMPLICIT_KEY: 'a value that contains ": " has no quotes',
  DUPLICATE_KEY: 'the key occurs twice',
  MISSING_CHAR: 'a quote, a bracket or a blank is missing',
  MULTILINE_IMPLICIT_KEY: 'a colon after a key, or a quote, is missing',
  MULTIPLE_DOCS: 'it contains several documents',
  TAB_AS_INDENT: 'a tab is used for indentation',
  BAD_ALIAS: 'a value that starts with * has no quotes',
  BAD_SCALAR_START: 'a value that starts with @ or ` has no quotes',
  UNEXPECTED_TOKEN: 'a value with special characters has no quotes, or a bracket is in the wrong place',
};

/** Returns why a text is not YAML, as a clause. `code`: that of the parser's error. */
export function whyNotYaml(code: string): string {
  return REASONS[code] ?? code.toLowerCase().replaceAll('_', ' ');
}

/** Parses a YAML file that contains a mapping. Throws `config-invalid`. */
export async function readYamlEntries(path: string, text: string): Promise<YamlEntry[]> {
  // Loaded only if there is a file, because loading the parser slows down every command.
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new EscrowError(
      'config-invalid',
      `Cannot parse ${placeAt(path, lines, error.pos[0])}: it is not valid YAML: ${whyNotYaml(error.code)}.`,
      { hint: 'Correct the file at this place.' },
    );
  }
  const content = contentOf(path, document);
  if (content === null || content === undefined) return [];
  if (typeof content !== 'object' || Array.isArray(content))
    throw new EscrowError('config-invalid', `Cannot parse "${path}": it must contain "key: value" lines.`);
  const places = placesIn(path, document, lines);
  return Object.entries(content as Record<string, unknown>).map(([key, value]) => ({
    key,
    value,
    place: places.get(key) ?? `"${path}"`,
  }));
}

function contentOf(path: string, document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new EscrowError(
      'config-invalid',
      `Cannot parse "${path}": it is not valid YAML: an alias is wrong.`,
      {
        cause: error,
      },
    );
  }
}

function placesIn(path: string, { contents }: Document.Parsed, lines: LineCounter): Map<string, string> {
  const places = new Map<string, string>();
  for (const item of contents !== null && 'items' in contents ? contents.items : [])
    if ('key' in item && 'value' in item.key)
      places.set(String(item.key.value), placeAt(path, lines, item.key.range[0]));
  return places;
}

function placeAt(path: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `"${path}", line ${String(line)}, column ${String(col)}`;
}
