/** Texts that attack a terminal, a line or a reader. All are valid file names: they contain no NUL and no slash. */
export const hostileTexts: readonly string[] = [
  '\x1b]52;c;cm0gLXJmIH4=\x07', // OSC 52: writes to the clipboard
  '\x1b[2J\x1b[H', // clears the screen
  '\x1b]0;title\x1b\\', // sets the window title
  '\u009b31m\u009d52;c;eA==\u009c', // C1 controls
  'a\r\nnf-escrow: forged', // forges a line
  'secret\rpublic', // overwrites the line
  '\b\b\b\x7f\x0e\x0f',
  '\u202efdp.\u202d\u2066\u2069\u061c', // bidirectional controls
  'a\u2028b\u2029c',
  'a\u200b\u200d\ufeff\u00ad\u2060b', // zero-width
  '\u3164\u115f\uffa0\ufe0f', // invisible, but no format controls
  '\u{e0041}\u{e0100}\u{1d173}', // tags and variation selectors, of more than four digits
];

const HARMFUL_ONE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Returns whether a character is harmful in a line. */
export function isHarmful(character: string): boolean {
  return HARMFUL_ONE.test(character);
}

/** Returns the harmful characters of an output as hexadecimal code points. Newlines are not harmful. */
export function harmfulIn(output: string): string[] {
  const found = output.match(HARMFUL) ?? [];
  return found.filter((one) => one !== '\n').map((one) => (one.codePointAt(0) ?? 0).toString(16));
}
