const ASCII = /^[ -~]*$/;
const DOTS = '...';

/** Returns how many columns of a terminal a text fills. */
export type WidthOf = (text: string) => number;

/**
 * Returns a function that measures cells: an East Asian character fills two columns, a combining mark none. Loads string-width,
 * which is large, only if a cell is not ASCII.
 */
export async function measureCells(cells: readonly string[]): Promise<WidthOf> {
  if (cells.every((cell) => ASCII.test(cell))) return (cell) => cell.length;
  const { default: stringWidth } = await import('string-width');
  return stringWidth;
}

/** Returns a text that fills at most `width` columns. Dots replace its end, or its start. */
export function truncate(text: string, width: number, widthOf: WidthOf, cut: 'start' | 'end'): string {
  if (widthOf(text) <= width) return text;
  const dots = DOTS.slice(0, Math.max(0, width));
  const kept = take(
    cut === 'start' ? graphemes(text).reverse() : graphemes(text),
    width - dots.length,
    widthOf,
  );
  return cut === 'start' ? dots + kept.reverse().join('') : kept.join('') + dots;
}

/** Returns the first characters that fill at most `width` columns. */
function take(characters: readonly string[], width: number, widthOf: WidthOf): string[] {
  let left = width;
  const end = characters.findIndex((one) => (left -= widthOf(one)) < 0);
  return characters.slice(0, end === -1 ? characters.length : end);
}

/** Splits a text into user-perceived characters, such as a letter with its combining marks. */
function graphemes(text: string): string[] {
  if (ASCII.test(text)) return Array.from(text);
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
