import type { Receipt, Run } from '../../../contract/types.ts';

const CONCLUSIONS: Readonly<Record<Receipt['conclusion'], string>> = {
  pending: 'Not everything is removed yet. The daemon retries the removal.',
  'not-verified':
    'Not verified: nf-escrow could not verify the removal of every value. The notes above name the secrets. Rotate these secrets.',
  exposed:
    'nf-escrow removed everything that it delivered. The files above still contain secret values. Delete the files and rotate the secrets (docs/limits.md).',
  'nothing-left': 'Nothing is left.',
  'placed-removed': 'Nothing that nf-escrow delivered is left.',
};

/** Returns the last line of a receipt. It never says that nothing is left if values are exposed. */
export function concludeReceipt({ conclusion }: Receipt): string {
  return CONCLUSIONS[conclusion];
}

/** Returns the message after a purge that left no pending removals. */
export function concludePurge({ id, exposed, removalNotes = [] }: Run): string {
  if (removalNotes.length > 0)
    return [...removalNotes, `See the receipt: nf-escrow runs receipt ${id}`].join('\n');
  if (exposed === undefined) return `Nothing of run ${id} is left.`;
  return `Removed everything that nf-escrow delivered for run ${id}. Files of the run still contain values of ${exposed.join(', ')}: nf-escrow runs receipt ${id}`;
}
