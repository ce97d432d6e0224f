const BACKSLASH = 0x5c;

/**
 * Returns the bytes without backslashes. Encodings for shells, JSON and JavaScript mostly add backslashes, so terms and
 * files are compared without them. Unencoded text still matches.
 */
export function withoutBackslashes(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.filter((byte) => byte !== BACKSLASH));
}

type Encoding = (character: string) => string | undefined;

const LETTERS: Readonly<Record<string, string>> = { '\t': 't', '\n': 'n', '\r': 'r', '\b': 'b', '\f': 'f' };
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const unicode = (character: string): string => `u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const control: Encoding = (character) =>
  LETTERS[character] ?? (character < ' ' ? unicode(character) : undefined);

/** How Nextflow and its libraries encode text. Encodings.java in plugin/ has the same list. */
const ENCODINGS: readonly Encoding[] = [
  // Gson, which also escapes HTML characters: lineage records
  (character) => ("<>&='\u2028\u2029".includes(character) ? unicode(character) : control(character)),
  // Groovy's JsonOutput
  (character) => (character > '~' ? unicode(character) : control(character)),
  // escapeJavaScript of Commons Lang: the execution report
  (character) => (character > '~' ? `u${unicode(character).slice(1).toUpperCase()}` : control(character)),
  (character) => ENTITIES[character],
];

/**
 * Returns the distinct encodings of a text, without backslashes, starting with the unencoded one. Bytes that are not
 * UTF-8 have only that one.
 */
export function formsOf(bytes: Buffer): Buffer[] {
  const plain = withoutBackslashes(bytes);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return [plain];
  const units = text.replaceAll('\\', '').split('');
  const forms = [plain];
  for (const encoding of ENCODINGS) {
    const form = Buffer.from(units.map((unit) => encoding(unit) ?? unit).join(''));
    if (!forms.some((known) => known.equals(form))) forms.push(form);
  }
  return forms;
}
