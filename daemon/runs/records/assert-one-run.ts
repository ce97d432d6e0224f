import { EscrowError } from '../../errors.ts';

/** Throws `run-ambiguous`, with the ids, where a name means others too. */
export function assertOneRun(name: string, id: string, others: readonly string[]): void {
  if (others.length === 0) return;
  throw new EscrowError(
    'run-ambiguous',
    `Run "${name}" cannot be acted on by its name: ${String(others.length + 1)} live runs have it.`,
    { hint: `Give the id of one: ${[id, ...others].join(', ')}` },
  );
}
