const LENGTH_MAX = 80;

/** Returns a value that a user wrote, for a message: with quotes only if it is not a single word, and not in full if it is long. */
export function shownValue(value: string): string {
  if (/^[\w.,:@%+/-]+$/.test(value) && value.length <= LENGTH_MAX) return value;
  return `"${value.slice(0, LENGTH_MAX)}${value.length > LENGTH_MAX ? '…' : ''}"`;
}
