import { isAbsolute, join } from 'node:path';
import type { Exposure, ExposureSearch, Lease, Receipt, Run, SearchGap } from '../../../contract/types.ts';
import { escapeText } from '../../../system/escape-text.ts';

/** So many files of each exposure are shown; `--json` has more. */
const SHOWN = 20;
const INDENT = ' '.repeat(13);

/** The lines of a receipt that tell which values the run's files hold, and how those were searched. */
export function describeExposures(receipt: Receipt): string[] {
  const lines = receipt.exposures.flatMap((exposure) => ['', ...describeOne(exposure, receipt)]);
  if (receipt.search === null) return lines;
  return [...lines, '', ...describeSearch(receipt.search)];
}

const CONCLUSIONS: Readonly<Record<Receipt['conclusion'], string>> = {
  pending: 'Something is left; its removal is tried again.',
  'not-verified':
    'Not verified: of what nf-escrow placed, it could not be verified that all was removed; the notes above say of what. Change those values.',
  exposed:
    'nf-escrow removed everything that it had placed. The run kept the files above, with the values in them: delete those files and change the values (docs/limits.md).',
  'nothing-left': 'Nothing is left.',
  'placed-removed': 'Nothing is left of what nf-escrow placed.',
};

/** The last line of a receipt. That values are exposed and that nothing is left are never said together. */
export function concludeReceipt({ conclusion }: Receipt): string {
  return CONCLUSIONS[conclusion];
}

/** What became of the files with values of one lease; the names of secrets by what happened to them. */
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
  pending: 'to remove',
  erased: 'erased',
  deleted: 'deleted',
  reported: 'erased',
  'not-verified': 'not verified',
};

/** What is said after a purge after which nothing is to be removed. */
export function concludePurge({ id, exposed, removalNotes = [] }: Run): string {
  if (removalNotes.length > 0)
    return [...removalNotes, `The receipt of run ${id}: nf-escrow runs receipt ${id}`].join('\n');
  if (exposed === undefined) return `Nothing of run ${id} is left.`;
  return `Everything that nf-escrow placed for run ${id} is removed. Its own files hold values of ${exposed.join(', ')}: nf-escrow runs receipt ${id}`;
}

/** Where a file of an exposure is, as it can be printed. */
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
    `exposed      ${secret}: ${count(fileCount, 'file')} of ${whose} ${fileCount === 1 ? 'holds' : 'hold'} its value`,
    ...shown,
    ...(more > 0 ? [`${INDENT}and ${String(more)} more`] : []),
  ];
}

function describeSearch({ by, complete, tasks, files, bytes, omitted, gaps }: ExposureSearch): string[] {
  const ofTasks = by === 'plugin' ? `, ${count(tasks, 'task')}` : '';
  const how = complete ? 'completely' : 'not completely';
  return [
    `searched     ${how}: ${count(files, 'file')}${ofTasks}, ${String(Math.ceil(bytes / 1024))} KiB`,
    ...(omitted === 0 ? [] : [`${INDENT}${count(omitted, 'finding')} more than are recorded`]),
    ...gaps.map((gap) => `${INDENT}${describeGap(gap)}`),
  ];
}

const REASONS: Readonly<Record<SearchGap['reason'], string>> = {
  budget: 'longer than what is read of a task or a run',
  'not-plain': 'a link, a FIFO or a directory instead of a file',
  unreadable: 'not readable',
  remote: 'not in a file system of the machine that ran Nextflow',
  time: 'no time was left at the end of the run',
  queue: 'more tasks at once than are noted',
  failed: 'the search failed; .nextflow.log tells why',
  tasks: "files of tasks, which only nf-escrow's plugin searches, at the end of a run that was not killed",
  'value-short': 'shorter than 4 characters',
  'value-common': 'part of what Nextflow writes for every run',
  'value-unreadable': 'not readable in the run directory',
  'value-unknown': "given by Nextflow's own store",
  'vault-locked': 'the vault is locked',
  unknown: 'for a reason that this nf-escrow does not know',
};

function describeGap({ reason, count: many, example, secrets }: SearchGap): string {
  if (secrets !== undefined) return `not the values of ${secrets.join(', ')}: ${REASONS[reason]}`;
  if (reason === 'tasks' || reason === 'failed') return `not ${REASONS[reason]}`;
  const which = example === undefined ? '' : ` (${escapeText(example)})`;
  return `not ${count(many, 'file')}${which}: ${REASONS[reason]}`;
}

function count(many: number, what: string): string {
  return `${String(many)} ${what}${many === 1 ? '' : 's'}`;
}
