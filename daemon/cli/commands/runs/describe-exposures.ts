import { isAbsolute, join } from 'node:path';
import type { Exposure, ExposureSearch, Lease, Receipt, Run, SearchGap } from '../../../contract/types.ts';
import { escapeText } from '../../../system/escape-text.ts';

/** Maximum number of files shown for each exposure. `--json` has more. */
const SHOWN = 20;
const INDENT = ' '.repeat(13);

/** Returns the lines of a receipt about values found in the run's files, and about the search. */
export function describeExposures(receipt: Receipt): string[] {
  const lines = receipt.exposures.flatMap((exposure) => ['', ...describeOne(exposure, receipt)]);
  if (receipt.search === null) return lines;
  return [...lines, '', ...describeSearch(receipt.search)];
}

const CONCLUSIONS: Readonly<Record<Receipt['conclusion'], string>> = {
  pending: 'Something is left. The daemon retries the removal.',
  'not-verified':
    'Not verified: nf-escrow could not verify the removal of every value. The notes above name the secrets; change their values.',
  exposed:
    'nf-escrow removed everything that it placed. The files above still contain values: delete the files and change the values (docs/limits.md).',
  'nothing-left': 'Nothing is left.',
  'placed-removed': 'Nothing is left of what nf-escrow placed.',
};

/** Returns the last line of a receipt. It never says that nothing is left if values are exposed. */
export function concludeReceipt({ conclusion }: Receipt): string {
  return CONCLUSIONS[conclusion];
}

/** Returns what happened to the files with values of one lease: the names of the secrets by result, and the notes. */
export function describeRemoval({ removal }: Lease): string[] {
  if (removal === undefined) return [];
  const byResult = new Map<string, Set<string>>();
  for (const { result, secrets } of removal.files)
    for (const secret of secrets) byResult.set(result, (byResult.get(result) ?? new Set()).add(secret));
  const lines = [...byResult].map(
    ([result, secrets]) => `${(RESULTS[result] ?? result).padEnd(13)}${[...secrets].join(', ')}`,
  );
  return [...lines, ...removal.notes.map((note) => `note         ${note}`)];
}

const RESULTS: Readonly<Record<string, string>> = {
  pending: 'pending',
  erased: 'erased',
  deleted: 'deleted',
  reported: 'erased',
  'not-verified': 'not verified',
};

/** Returns the message after a purge that left no pending removals. */
export function concludePurge({ id, exposed, removalNotes = [] }: Run): string {
  if (removalNotes.length > 0)
    return [...removalNotes, `See the receipt: nf-escrow runs receipt ${id}`].join('\n');
  if (exposed === undefined) return `Nothing of run ${id} is left.`;
  return `Removed everything that nf-escrow placed for run ${id}. Files of the run still contain values of ${exposed.join(', ')}: nf-escrow runs receipt ${id}`;
}

/** Returns the path of a file of an exposure, escaped for printing. */
export function showFile(file: string, workDirectory: string | null): string {
  return escapeText(isAbsolute(file) || workDirectory === null ? file : join(workDirectory, file));
}

function describeOne(
  { secret, process, tasks, fileCount, files }: Exposure,
  { workDirectory }: Receipt,
): string[] {
  const whose = process === null ? 'the run' : `${count(tasks, 'task')} of ${escapeText(process)}`;
  const shown = files.slice(0, SHOWN).map((file) => `${INDENT}${showFile(file, workDirectory)}`);
  const more = fileCount - shown.length;
  return [
    `exposed      ${secret}: ${count(fileCount, 'file')} of ${whose} ${fileCount === 1 ? 'contains' : 'contain'} its value`,
    ...shown,
    ...(more > 0 ? [`${INDENT}and ${String(more)} more`] : []),
  ];
}

function describeSearch({ by, complete, tasks, files, bytes, omitted, gaps }: ExposureSearch): string[] {
  const ofTasks = by === 'plugin' ? `, ${count(tasks, 'task')}` : '';
  const how = complete ? 'completely' : 'not completely';
  return [
    `searched     ${how}: ${count(files, 'file')}${ofTasks}, ${String(Math.ceil(bytes / 1024))} KiB`,
    ...(omitted === 0 ? [] : [`${INDENT}${count(omitted, 'more finding')} not recorded`]),
    ...gaps.map((gap) => `${INDENT}${describeGap(gap)}`),
  ];
}

const REASONS: Readonly<Record<SearchGap['reason'], string>> = {
  budget: 'over the size limit of a task or a run',
  'not-plain': 'a link, a FIFO or a directory instead of a file',
  unreadable: 'not readable',
  remote: 'not in a file system of the machine that ran Nextflow',
  time: 'the time limit at the end of the run was reached',
  queue: 'too many tasks ended at once',
  failed: 'the search failed; see .nextflow.log',
  tasks: "files of tasks: only nf-escrow's plugin searches them, when a run ends without being killed",
  'value-short': 'shorter than 4 characters',
  'value-common': 'part of what Nextflow writes for every run',
  'value-unreadable': 'not readable in the run directory',
  'value-unknown': "delivered by Nextflow's own store",
  'vault-locked': 'the vault is locked',
  unknown: 'for a reason that this version of nf-escrow does not know',
};

function describeGap({ reason, count: many, example, secrets }: SearchGap): string {
  if (secrets !== undefined) return `skipped the values of ${secrets.join(', ')}: ${REASONS[reason]}`;
  if (reason === 'failed') return REASONS[reason];
  if (reason === 'tasks') return `skipped ${REASONS[reason]}`;
  const which = example === undefined ? '' : ` (${escapeText(example)})`;
  return `skipped ${count(many, 'file')}${which}: ${REASONS[reason]}`;
}

function count(many: number, what: string): string {
  return `${String(many)} ${what}${many === 1 ? '' : 's'}`;
}
