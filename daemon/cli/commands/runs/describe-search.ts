import type { ExposureSearch, SearchGap } from '../../../contract/types.ts';
import { escapeText } from '../../../system/escape-text.ts';
import { count } from '../../../system/count.ts';

const INDENT = ' '.repeat(13);

/** Returns the lines of a receipt about the search for values in the run's files. */
export function describeSearch({ complete, tasks, files, bytes, omitted, gaps }: ExposureSearch): string[] {
  const how = complete ? 'completely' : 'not completely';
  return [
    `searched     ${how}: ${count(files, 'file')}, ${count(tasks, 'task')}, ${String(Math.ceil(bytes / 1024))} KiB`,
    ...(omitted === 0 ? [] : [`${INDENT}${count(omitted, 'more finding')} not recorded`]),
    ...gaps.map((gap) => `${INDENT}${describeGap(gap)}`),
  ];
}

const REASONS: Readonly<Record<SearchGap['reason'], string>> = {
  budget: 'over the size limit of a task or a run',
  'not-plain': 'a link, a FIFO or a directory instead of a file',
  unreadable: 'not readable',
  remote: 'not on a file system of the machine that ran Nextflow',
  time: 'the time limit at the end of the run was reached',
  queue: 'too many tasks ended at once',
  failed: 'the search failed; see .nextflow.log and nf-escrow daemon logs',
  tasks: 'files of tasks: their work directory is not known or not on a file system of this machine',
  'value-short': 'shorter than 6 bytes',
  'value-common': 'part of what Nextflow writes for every run',
  'value-unreadable': 'not readable in the run directory',
  'value-unknown': "delivered by Nextflow's own store or by a team server",
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
