/** What a terminal takes for a command, shows in another order, or does not show at all. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** A text of others' making as it can be printed: on one line, and without effect on a terminal. */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
