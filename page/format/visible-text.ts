/** Control characters, and characters that reorder text or are invisible. Names from outside may contain them. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** Colors and movements of the cursor, with which programs decorate their output. */
const TERMINAL_SEQUENCES = /\u001b\[[0-9;?]*[A-Za-z]/g;
const LENGTH_MAX = 300;

/** Returns a text from outside for display: harmful characters as escapes, and not longer than a screen needs. */
export function visibleText(text: string, max = LENGTH_MAX): string {
  return shortened(text, max).replaceAll(HARMFUL, escaped);
}

/** Returns at most a number of characters of a text. */
export function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** Returns the output of a program for display: without the sequences of terminals, and other harmful characters as escapes. */
export function visibleLines(text: string): string {
  return text
    .replaceAll(TERMINAL_SEQUENCES, '')
    .replaceAll(HARMFUL, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
