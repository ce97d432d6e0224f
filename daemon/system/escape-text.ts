/**
 * Characters of a text from outside that could steer a terminal, forge a line or hide what is there (CWE-150,
 * CVE-2021-42574): C0 and C1 controls and DEL, bidirectional and other format controls, line and paragraph separators,
 * lone surrogates, and characters that show nothing: zero-width ones, fillers, tags, variation selectors.
 */
const HARMFUL = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;

const HARMFUL_IN_A_LINE = new RegExp(HARMFUL, 'gu');
const HARMFUL_IN_LINES = new RegExp(String.raw`(?![\n\t])${HARMFUL}`, 'gu');

/** Nearly all texts: the other expressions cost a hundred times as much. */
const PLAIN_LINE = /^[ -~]*$/;
const PLAIN_LINES = /^[\n\t -~]*$/;

/**
 * Returns a text for one line of output: each harmful character, newline and tab included, becomes a visible escape such
 * as `\u001b`. Idempotent. A text that holds such an escape itself looks the same afterwards: this is for people to read.
 */
export function escapeText(text: string): string {
  return PLAIN_LINE.test(text) ? text : text.replace(HARMFUL_IN_A_LINE, visible);
}

/** Returns a text of several lines with newlines and tabs as they are; everything else as `escapeText` does. */
export function escapeLines(text: string): string {
  return PLAIN_LINES.test(text) ? text : text.replace(HARMFUL_IN_LINES, visible);
}

/** Returns the same JSON with harmful characters as `\uXXXX`: JSON.stringify leaves DEL, C1 and bidirectional controls. */
export function escapeJson(json: string): string {
  return PLAIN_LINES.test(json) ? json : json.replace(HARMFUL_IN_LINES, codeUnits);
}

/** `\u{e0041}` for what is beyond four digits. */
function visible(character: string): string {
  return character.length === 1
    ? codeUnits(character)
    : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** JSON knows four digits only: a character beyond them is a pair of surrogates (RFC 8259, section 7). */
function codeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
