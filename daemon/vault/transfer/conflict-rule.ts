import type { ImportRequest } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';

/**
 * How an import handles names that exist already. A map contains the versions that the client has seen, null for none: the import
 * replaces exactly these.
 */
export type ConflictRule = ImportRequest['onConflict'] | ReadonlyMap<string, number | null>;

/**
 * Throws `import-conflict` or `precondition-failed` if a rule does not permit an import. `known`: the versions of existing secrets;
 * `scope` names the scope in the message.
 */
export function assertNoConflict(
  rule: ConflictRule,
  names: readonly string[],
  known: ReadonlyMap<string, number>,
  scope: string,
): void {
  if (typeof rule !== 'string') {
    const changed = names.filter((name) => (rule.get(name) ?? null) !== (known.get(name) ?? null));
    if (changed.length === 0) return;
    throw new EscrowError(
      'precondition-failed',
      `Cannot import into ${scope}: changed in the meantime: ${changed.join(', ')}.`,
      { hint: 'Preview the import again.' },
    );
  }
  const taken = names.filter((name) => known.has(name));
  if (rule === 'refuse' && taken.length > 0)
    throw new EscrowError(
      'import-conflict',
      `Cannot import into ${scope}: already set: ${taken.join(', ')}.`,
    );
}
