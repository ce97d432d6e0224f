import type { Lease } from '../../../contract/types.ts';

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
