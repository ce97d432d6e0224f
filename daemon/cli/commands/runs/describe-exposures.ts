import { isAbsolute, join } from 'node:path';
import type { Exposure, Receipt } from '../../../contract/types.ts';
import { escapeText } from '../../../system/escape-text.ts';
import { count } from '../../../system/count.ts';
import { describeSearch } from './describe-search.ts';

/** Maximum number of files shown for each exposure. `--json` has more. */
const SHOWN = 20;
const INDENT = ' '.repeat(13);

/** Returns the lines of a receipt about values found in the run's files, and about the search. */
export function describeExposures(receipt: Receipt): string[] {
  const lines = receipt.exposures.flatMap((exposure) => ['', ...describeOne(exposure, receipt)]);
  if (receipt.search === null) return lines;
  return [...lines, '', ...describeSearch(receipt.search)];
}

/** Returns the path of a file of an exposure, escaped for printing. */
export function showFile(file: string, workDirectory: string | null): string {
  return escapeText(isAbsolute(file) || workDirectory === null ? file : join(workDirectory, file));
}

function describeOne(
  { secret, process, tasks, fileCount, findings }: Exposure,
  { workDirectory }: Receipt,
): string[] {
  const whose = process === null ? 'the run' : `${count(tasks, 'task')} of ${escapeText(process)}`;
  const shown = findings.slice(0, SHOWN).map(({ file, encodings }) => {
    const encoded = encodings.filter((encoding) => encoding !== 'plain');
    const how = encodings.includes('plain') ? '' : ` (${encoded.join(', ')})`;
    return `${INDENT}${showFile(file, workDirectory)}${how}`;
  });
  const more = fileCount - shown.length;
  return [
    `exposed      ${secret}: ${count(fileCount, 'file')} of ${whose} ${fileCount === 1 ? 'contains' : 'contain'} its value`,
    ...shown,
    ...(more > 0 ? [`${INDENT}and ${String(more)} more`] : []),
  ];
}
