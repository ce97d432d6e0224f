import { escapeText } from '../../system/escape-text.ts';
import { paintState } from './colour.ts';
import { displayOfOutput, type Display } from './display.ts';
import { fitColumns, type Shrinks } from './fit-columns.ts';
import { write } from './output.ts';
import { measureCells, truncate, type WidthOf } from './text-width.ts';
import { timeFormatter, type TimeOptions } from './time-format.ts';

/** A column: its title, or its title and how its cells are shown on a terminal. */
export type Column = string | { readonly title: string; readonly is: Kind };

/** `run`: ids of runs, of which a narrow terminal shows a unique prefix. `path`, `long`: shortened before other columns. */
type Kind = 'text' | 'long' | 'path' | 'run' | 'state' | 'time';

const SHRINKS: Readonly<Record<Kind, Shrinks>> = {
  text: 'later',
  long: 'first',
  path: 'first',
  run: 'never',
  state: 'never',
  time: 'never',
};

const GAP = '  ';
/** `r`, the date and four characters. */
const SHORT_ID = 13;

/**
 * Prints a listing. On a terminal: aligned columns with a header, shortened to the width of the terminal, and through a pager if
 * it is longer than the screen. Elsewhere, for programs: no header, one row per line, whole cells separated by tabs.
 */
export async function printTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TimeOptions = {},
): Promise<void> {
  const display = displayOfOutput();
  if (display.isTerminal) await printLong(await formatTable(columns, rows, display, options), display);
  else write(joinLines(formatForPrograms(columns, rows, display, options)));
}

/** Prints escaped lines, through a pager if they do not fit on the screen of a terminal. */
export async function printLong(lines: readonly string[], { height }: Display): Promise<void> {
  const text = joinLines(lines);
  if (lines.length < height) write(text);
  else await (await import('./pager.ts')).showInPager(text);
}

/** Prints a table that is part of a report: aligned and with a header, even in a pipe. */
export async function printReportTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TimeOptions = {},
): Promise<void> {
  write(joinLines(await formatTable(columns, rows, displayOfOutput(), options)));
}

function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** Returns the lines of a table for people: the header, then the rows. Cells are escaped first, so they contain no control character. */
export async function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  display: Display,
  options: TimeOptions = {},
): Promise<string[]> {
  const kinds = columns.map(kindOf);
  const header = columns.map((column) => (typeof column === 'string' ? column : column.title));
  const cells = [header, ...formatCells(kinds, rows, display, options)];
  const widthOf = await measureCells(cells.flat());
  const widths = fitTable(kinds, cells, widthOf, display.width);
  return cells.map((row, index) =>
    row
      .map((cell, column) => {
        const [kind, width] = [kinds[column] ?? 'text', widths[column] ?? 0];
        const shown = shorten(cell, kind, width, widthOf);
        const isPainted = display.hasColour && kind === 'state' && index > 0;
        const padding = column === row.length - 1 ? '' : ' '.repeat(width - widthOf(shown));
        return (isPainted ? paintState(shown, cell) : shown) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Returns the rows for programs. An escaped cell contains no tab and no newline. */
export function formatForPrograms(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  display: Display,
  options: TimeOptions = {},
): string[] {
  const kinds = columns.map(kindOf);
  return formatCells(kinds, rows, display, options).map((row) =>
    row
      .map((cell, column) => (display.hasColour && kinds[column] === 'state' ? paintState(cell, cell) : cell))
      .join('\t'),
  );
}

function kindOf(column: Column): Kind {
  return typeof column === 'string' ? 'text' : column.is;
}

function formatCells(
  kinds: readonly Kind[],
  rows: readonly (readonly string[])[],
  display: Display,
  options: TimeOptions,
): string[][] {
  const showTime = timeFormatter(display, options);
  return rows.map((row) =>
    row.map((cell, column) => escapeText(kinds[column] === 'time' ? showTime(cell) : cell)),
  );
}

/** Returns the width of each column. Shortens ids of runs first, then cells. */
function fitTable(
  kinds: readonly Kind[],
  cells: readonly (readonly string[])[],
  widthOf: WidthOf,
  available: number,
): number[] {
  const widths = kinds.map((_, column) => Math.max(0, ...cells.map((row) => widthOf(row[column] ?? ''))));
  const gaps = GAP.length * (kinds.length - 1);
  const isWide = widths.reduce((total, width) => total + width, gaps) > available;
  const short = kinds.map((kind, column) =>
    isWide && kind === 'run' ? uniquePrefix(cells.map((row) => row[column] ?? '')) : (widths[column] ?? 0),
  );
  return fitColumns(
    short,
    kinds.map((kind) => SHRINKS[kind]),
    available - gaps,
  );
}

/** Returns the length of the shortest prefixes that tell all ids apart, at least SHORT_ID. */
function uniquePrefix(ids: readonly string[]): number {
  const all = [...new Set(ids)];
  const longest = Math.max(...all.map((id) => id.length));
  for (let length = SHORT_ID; length < longest; length += 1)
    if (new Set(all.map((id) => id.slice(0, length))).size === all.length) return length;
  return longest;
}

function shorten(cell: string, kind: Kind, width: number, widthOf: WidthOf): string {
  if (kind === 'run') return cell.slice(0, width); // a prefix names the run, unlike a prefix with dots
  return truncate(cell, width, widthOf, kind === 'path' ? 'start' : 'end');
}
