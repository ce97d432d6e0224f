const BACKSLASH = 0x5c;

/**
 * The bytes without their backslashes. Shells, JSON and JavaScript differ from the plain text mostly by the backslashes that
 * they add, so texts and files are compared without any: a text that is there as it is matches all the same.
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

/** As Nextflow and its libraries write texts; plugin/, Encodings.java has the same. */
const ENCODINGS: readonly Encoding[] = [
  // Gson, which also escapes what has a meaning in HTML: lineage records
  (character) => ("<>&='\u2028\u2029".includes(character) ? unicode(character) : control(character)),
  // Groovy's JsonOutput
  (character) => (character > '~' ? unicode(character) : control(character)),
  // escapeJavaScript of Commons Lang: the execution report
  (character) => (character > '~' ? `u${unicode(character).slice(1).toUpperCase()}` : control(character)),
  (character) => ENTITIES[character],
];

/** The forms of a text, each once, without backslashes: as it is first. What is not UTF-8 has that form alone. */
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
