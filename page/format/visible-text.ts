/** Control characters, and characters that reorder or hide text. Names from outside may contain them. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const LENGTH_MAX = 300;

/** Returns a text from outside for display: harmful characters as escapes, and not longer than a screen needs. */
export function visibleText(text: string, max = LENGTH_MAX): string {
  const short = text.length > max ? `${text.slice(0, max)}…` : text;
  return short.replaceAll(HARMFUL, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
