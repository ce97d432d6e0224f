import { isUtf8 as isText } from 'node:buffer';
import type { Form } from './form.ts';

/** Returns how one character is escaped, by its code point and its bytes in UTF-8. Undefined: it is written as it is. */
type Escape = (code: number, utf8: Uint8Array) => string | undefined;

const ESCAPE = 0x5c;
const MINUS = 0x2d;
const DOT = 0x2e;
const UNDERSCORE = 0x5f;
const DELETE = 0x7f;
const REMEMBERED_MAX = 0xff;
const ASCII_MAX = 0x7e;
const CONTROLS: Readonly<Record<number, string>> = {
  8: String.raw`\b`,
  9: String.raw`\t`,
  10: String.raw`\n`,
  12: String.raw`\f`,
  13: String.raw`\r`,
};

/**
 * Returns the forms of a text in JSON, XML, shells and URLs that differ from the text. A value that is not UTF-8 is escaped
 * byte by byte.
 */
export function escapedForms(value: Buffer): Form[] {
  const characters = charactersOf(value);
  const special = new Map(
    characters.filter(({ code }) => !isPlain(code)).map((character) => [character.code, character]),
  );
  const forms: Form[] = [];
  const known = new Set<string>(['']);
  for (const [encoding, escapes] of isText(value) ? TEXT_ESCAPES : BYTE_ESCAPES)
    for (const escape of escapes) {
      // Most escapes are the same for most values: applying each to the whole value would be slow.
      const texts = [...special.values()].map(({ code, utf8 }) => escape(code, utf8));
      const signature = texts.some((text) => text !== undefined) ? texts.join(' ') : '';
      if (known.has(signature)) continue;
      known.add(signature);
      forms.push({
        encoding,
        bytes: write(characters, new Map([...special.keys()].map((code, at) => [code, texts[at]]))),
      });
    }
  return forms;
}

interface Character {
  readonly code: number;
  readonly utf8: Buffer;
}

/** Writes characters with the escaped texts of some of them. */
function write(characters: readonly Character[], texts: ReadonlyMap<number, string | undefined>): Buffer {
  const length = characters.reduce(
    (sum, { code, utf8 }) => sum + (texts.get(code)?.length ?? utf8.length),
    0,
  );
  const bytes = Buffer.alloc(length);
  let at = 0;
  for (const { code, utf8 } of characters) {
    const text = texts.get(code);
    if (text === undefined)
      for (let index = 0; index < utf8.length; index += 1) bytes[at++] = utf8[index] ?? 0;
    else for (let index = 0; index < text.length; index += 1) bytes[at++] = text.charCodeAt(index);
  }
  return bytes;
}

/** Returns whether no encoding escapes a character. */
function isPlain(code: number): boolean {
  return isWord(code) || code === MINUS || code === DOT || code === UNDERSCORE;
}

function charactersOf(value: Buffer): Character[] {
  if (!isText(value))
    return Array.from(value, (byte, at) => ({ code: byte, utf8: value.subarray(at, at + 1) }));
  return Array.from(value.toString('utf8'), (character) => ({
    code: character.codePointAt(0) ?? 0,
    utf8: Buffer.from(character),
  }));
}

const unicode = (code: number, upper: boolean): string =>
  // Characters beyond the basic plane are two units of UTF-16.
  Array.from({ length: code > 0xffff ? 2 : 1 }, (_, unit) => {
    const hex = String.fromCodePoint(code).charCodeAt(unit).toString(16).padStart(4, '0');
    return `\\u${upper ? hex.toUpperCase() : hex}`;
  }).join('');

const isOneOf = (set: string, code: number): boolean =>
  code <= ASCII_MAX && set.includes(String.fromCharCode(code));

/** Of Gson, which also escapes what HTML interprets: lineage records. Others do that with the first five only. */
const HTML_SETS = ['', `<>&='`, '<>&'] as const;

/**
 * JSON and JavaScript as libraries write them: with or without escaped slashes and apostrophes (escapeJavaScript of Commons
 * Lang, which writes the execution report), with escaped non-ASCII text in either case (Groovy's JsonOutput, Python).
 */
const JSON_ESCAPES: readonly Escape[] = ['', '/', `/'`, `'`].flatMap((slashed) =>
  HTML_SETS.flatMap((html) =>
    (['none', 'lower', 'upper'] as const).map((ascii): Escape => {
      return (code) => {
        if (isOneOf(html, code)) return unicode(code, ascii === 'upper');
        if (isOneOf(`"\\${slashed}`, code)) return `\\${String.fromCharCode(code)}`;
        if (code < 32) return CONTROLS[code] ?? unicode(code, ascii === 'upper');
        if (code > ASCII_MAX && ascii !== 'none') return unicode(code, ascii === 'upper');
        return undefined;
      };
    }),
  ),
);

const ENTITIES: readonly Readonly<Record<string, string>>[] = [
  { '&': '&amp;', '<': '&lt;', '>': '&gt;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' },
];

const XML_ESCAPES: readonly Escape[] = ENTITIES.map(
  (entities) => (code) => entities[String.fromCodePoint(code)],
);

const backslashed =
  (set: string): Escape =>
  (code) =>
    isOneOf(set, code) ? `\\${String.fromCharCode(code)}` : undefined;
const quoted =
  (quote: string): Escape =>
  (code) =>
    code === 0x27 ? quote : undefined;
const SAFE = '%+,-./:=@_';
const isWord = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);

/** Within single quotes, within double quotes, Nextflow's own (only `$`), and as `printf %q` of bash writes it. */
const SHELL_ESCAPES: readonly Escape[] = [
  quoted(String.raw`'\''`),
  quoted(`'"'"'`),
  backslashed('"\\$`'),
  backslashed('"\\$`!'),
  backslashed('$'),
  backslashed('"$'),
  (code) =>
    code > ASCII_MAX || code < 32 || isWord(code) || isOneOf(SAFE, code)
      ? undefined
      : `\\${String.fromCharCode(code)}`,
];

const ANSI_C = { ...CONTROLS, 7: String.raw`\a`, 11: String.raw`\v`, 27: String.raw`\E` } as Readonly<
  Record<number, string>
>;

/** Within $'…' of bash, which it uses for control characters and bytes beyond ASCII. */
const ansiC: Escape = (code, utf8) => {
  if (code === 0x27 || code === ESCAPE) return `\\${String.fromCharCode(code)}`;
  if (ANSI_C[code] !== undefined) return ANSI_C[code];
  if (code < 32 || code >= DELETE)
    return Array.from(utf8, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return undefined;
};

/** RFC 3986; encodeURIComponent; Python's quote; HTML forms (java.net.URLEncoder); encodeURI. */
const UNRESERVED = ['-._~', "-._~!*'()", '-._~/', '-._*', "-._~!*'();/?:@&=+$,#"];

const URL_ESCAPES: readonly Escape[] = UNRESERVED.flatMap((safe) =>
  [true, false].flatMap((upper) =>
    ['%20', '+'].map((space): Escape => {
      return (code, utf8) => {
        if (code === 0x20) return space;
        if (code <= ASCII_MAX && (isWord(code) || isOneOf(safe, code))) return undefined;
        return Array.from(utf8, (byte) => {
          const hex = byte.toString(16).padStart(2, '0');
          return `%${upper ? hex.toUpperCase() : hex}`;
        }).join('');
      };
    }),
  ),
);

/** Remembers the results for frequent characters, because values have many pieces. */
function remembered(escape: Escape): Escape {
  const known: (string | undefined)[] = [];
  return (code, utf8) => {
    if (code > REMEMBERED_MAX) return escape(code, utf8);
    if (!(code in known)) known[code] = escape(code, utf8);
    return known[code];
  };
}

type Escapes = readonly (readonly [Form['encoding'], readonly Escape[]])[];

/** Escapes of texts, and of bytes that are not text, which a JSON or XML document cannot contain. */
const TEXT_ESCAPES: Escapes = [
  ['json', JSON_ESCAPES.map(remembered)],
  ['xml', XML_ESCAPES.map(remembered)],
  ['shell', [...SHELL_ESCAPES, ansiC].map(remembered)],
  ['url', URL_ESCAPES.map(remembered)],
];
const BYTE_ESCAPES: Escapes = [
  ['shell', [...SHELL_ESCAPES, ansiC].map(remembered)],
  ['url', URL_ESCAPES.map(remembered)],
];
