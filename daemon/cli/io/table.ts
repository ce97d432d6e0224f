import { escapeText } from '../../system/escape-text.ts';
import { print } from './output.ts';

const ASCII = /^[ -~]*$/;

/**
 * Prints a table whose columns are as wide as their widest cell on a terminal: an East Asian character fills two columns, a
 * combining mark none. Cells are escaped first, so that a terminal escape sequence is visible text like any other.
 */
export async function printTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const lines = [header, ...rows].map((row) => row.map(escapeText));
  const widthOf = await measure(lines.flat());
  const widths = header.map((_, column) =>
    lines.reduce((width, row) => Math.max(width, widthOf(row[column] ?? '')), 0),
  );
  for (const row of lines) {
    print(
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** Returns a function that measures cells. Loads string-width, which is large, only if a cell is not ASCII. */
async function measure(cells: readonly string[]): Promise<(cell: string) => number> {
  if (cells.every((cell) => ASCII.test(cell))) return (cell) => cell.length;
  const { default: stringWidth } = await import('string-width');
  return stringWidth;
}
