import { EscrowError } from '../../errors.ts';

/** Throws `run-ambiguous` with the ids if other runs have the name too. */
export function assertOneRun(name: string, id: string, others: readonly string[]): void {
  if (others.length === 0) return;
  throw new EscrowError(
    'run-ambiguous',
    `Run name "${name}" is ambiguous: ${String(others.length + 1)} live runs have it.`,
    { hint: `Use the id of one of them: ${[id, ...others].join(', ')}` },
  );
}
