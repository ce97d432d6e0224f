import { escapeText } from '../../system/escape-text.ts';
import { displayOfOutput } from '../io/display.ts';
import { formatTable, printLong, type Column } from '../io/table.ts';

/** A run of `nf-escrow status`: a row, and the lines below it. */
export interface RunSummary {
  readonly cells: readonly string[];
  readonly problems: readonly string[];
}

const COLUMNS: readonly Column[] = [
  { title: 'RUN', is: 'run' },
  'NAME',
  { title: 'STATE', is: 'state' },
  'SECRETS',
  { title: 'DIRECTORY', is: 'path' },
];

/** Prints a row for each run, with its problems below it. */
export async function showStatusTable(runs: readonly RunSummary[]): Promise<void> {
  const display = displayOfOutput();
  const rows = runs.map(({ cells }) => cells);
  const [header = '', ...lines] = await formatTable(COLUMNS, rows, display);
  const problems = runs.map((run) => run.problems.map((line) => `  ${escapeText(line)}`));
  await printLong([header, ...lines.flatMap((line, index) => [line, ...(problems[index] ?? [])])], display);
}
