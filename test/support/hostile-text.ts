/** Texts that do something to a terminal, a line or a reader, each with what a file name may hold too: no NUL, no slash. */
export const hostileTexts: readonly string[] = [
  '\x1b]52;c;cm0gLXJmIH4=\x07', // OSC 52: into the clipboard
  '\x1b[2J\x1b[H', // clears the screen
  '\x1b]0;title\x1b\\', // sets the window's title
  '\u009b31m\u009d52;c;eA==\u009c', // the same by C1 controls
  'a\r\nnf-escrow: forged', // another line
  'secret\rpublic', // over what was written
  '\b\b\b\x7f\x0e\x0f',
  '\u202efdp.\u202d\u2066\u2069\u061c', // bidirectional controls
  'a\u2028b\u2029c',
  'a\u200b\u200d\ufeff\u00ad\u2060b', // zero-width
  '\u3164\u115f\uffa0\ufe0f', // shows nothing, and is no format control
  '\u{e0041}\u{e0100}\u{1d173}', // tags, variation selectors, beyond four digits
];

const HARMFUL_ONE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Whether a character of a line is harmful. */
export function isHarmful(character: string): boolean {
  return HARMFUL_ONE.test(character);
}

/** The harmful characters of an output, as code points; the newlines between our own lines are none. */
export function harmfulIn(output: string): string[] {
  const found = output.match(HARMFUL) ?? [];
  return found.filter((one) => one !== '\n').map((one) => (one.codePointAt(0) ?? 0).toString(16));
}
