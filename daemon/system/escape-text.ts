/**
 * Characters in untrusted text that could control a terminal, forge a line or hide text (CWE-150, CVE-2021-42574): C0
 * and C1 controls and DEL, bidirectional and other format controls, line and paragraph separators, lone surrogates, and
 * invisible characters (zero-width characters, fillers, tags, variation selectors).
 */
const HARMFUL = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;

const HARMFUL_IN_A_LINE = new RegExp(HARMFUL, 'gu');
const HARMFUL_IN_LINES = new RegExp(String.raw`(?![\n\t])${HARMFUL}`, 'gu');

/** Match nearly all texts, at a hundredth of the cost of the expressions above. */
const PLAIN_LINE = /^[ -~]*$/;
const PLAIN_LINES = /^[\n\t -~]*$/;

/**
 * Returns the text with each harmful character, including newline and tab, replaced by a visible escape such as
 * `\u001b`. Idempotent. An escape that the text already contained looks the same: the result is for people to read.
 */
export function escapeText(text: string): string {
  return PLAIN_LINE.test(text) ? text : text.replace(HARMFUL_IN_A_LINE, visible);
}

/** Escapes like `escapeText`, but keeps newlines and tabs. */
export function escapeLines(text: string): string {
  return PLAIN_LINES.test(text) ? text : text.replace(HARMFUL_IN_LINES, visible);
}

/** Returns equivalent JSON with harmful characters as `\uXXXX`: JSON.stringify keeps DEL, C1 and bidirectional controls. */
export function escapeJson(json: string): string {
  return PLAIN_LINES.test(json) ? json : json.replace(HARMFUL_IN_LINES, codeUnits);
}

/** Returns `\u001b`, or `\u{e0041}` for a code point of more than four digits. */
function visible(character: string): string {
  return character.length === 1
    ? codeUnits(character)
    : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** JSON escapes have four digits: a larger code point is a surrogate pair (RFC 8259, section 7). */
function codeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
