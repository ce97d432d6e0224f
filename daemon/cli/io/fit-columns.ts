/** How much a column can shrink: `first` columns shrink before `later` ones. `never` shrinks only if nothing else can. */
export type Shrinks = 'first' | 'later' | 'never';

/** The narrowest width of columns that shrink at each step. */
const STEPS: readonly (readonly [shrinks: readonly Shrinks[], minimum: number])[] = [
  [['first'], 16],
  [['first', 'later'], 10],
  [['first', 'later', 'never'], 3],
];

/**
 * Returns the widths of columns so that their sum is at most `available`, or as small as possible. The widest columns shrink
 * first, to equal widths, so that short columns stay whole.
 */
export function fitColumns(
  widths: readonly number[],
  shrinks: readonly Shrinks[],
  available: number,
): number[] {
  let fitted = [...widths];
  for (const [kinds, minimum] of STEPS) {
    const canShrink = shrinks.map((kind) => kinds.includes(kind));
    const fixed = sum(fitted.filter((_, column) => canShrink[column] !== true));
    const flexible = fitted.filter((_, column) => canShrink[column] === true);
    const limit = Math.max(minimum, commonLimit(flexible, available - fixed));
    fitted = fitted.map((width, column) => (canShrink[column] === true ? Math.min(width, limit) : width));
  }
  return fitted;
}

/** Returns the largest limit with which the sum of widths is at most `available`. */
function commonLimit(widths: readonly number[], available: number): number {
  const sorted = [...widths].sort((a, b) => a - b);
  let [left, columns] = [available, sorted.length];
  for (const width of sorted) {
    if (width * columns > left) return Math.floor(left / columns);
    left -= width;
    columns -= 1;
  }
  return Infinity;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
