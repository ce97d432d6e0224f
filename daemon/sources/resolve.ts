import type { PlannedSecret, Scope, Selection } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { SecretCandidate } from './source.ts';

/** A candidate that won, and the scopes of those it beat. */
export interface ResolvedSecret extends SecretCandidate {
  readonly overrides: Scope[];
}

/** Which scope wins: a user's own over the workspace's, and that over Nextflow's local store. */
const PRECEDENCE: readonly Scope[] = ['user', 'workspace', 'local'];

/**
 * What a run is given: of each name the candidate of the strongest scope, within the selection. Throws
 * `secret-not-available` when a selected name is nowhere to be found.
 */
export function resolveSecrets(
  candidates: readonly SecretCandidate[],
  selection: Selection,
): ResolvedSecret[] {
  if (selection.none === true) return [];
  if (selection.only === undefined) return winners(candidates);
  const chosen = selection.only.map((wanted) => {
    const [found] = winners(candidates.filter((candidate) => fits(candidate, wanted)));
    if (found !== undefined) return found;
    const where = wanted.scope === null ? '' : ` of the ${wanted.scope}`;
    throw new EscrowError(
      'secret-not-available',
      `There is no secret ${wanted.name}${where} that this run may have.`,
    );
  });
  const names = chosen.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new EscrowError('usage', `${twice} is named twice.`);
  return chosen.sort(byName);
}

/** What of a resolved secret is shown: everything but the ledger's own id. */
export function describePlannedSecret({ name, scope, version, overrides }: ResolvedSecret): PlannedSecret {
  return { name, scope, version, overrides };
}

function fits(candidate: SecretCandidate, wanted: { name: string; scope: Scope | null }): boolean {
  return candidate.name === wanted.name && (wanted.scope === null || wanted.scope === candidate.scope);
}

function winners(candidates: readonly SecretCandidate[]): ResolvedSecret[] {
  const names = [...new Set(candidates.map(({ name }) => name))];
  return names
    .flatMap((name) => {
      const [winner, ...losers] = PRECEDENCE.flatMap((scope) =>
        candidates.filter((candidate) => candidate.name === name && candidate.scope === scope),
      );
      return winner === undefined ? [] : [{ ...winner, overrides: losers.map(({ scope }) => scope) }];
    })
    .sort(byName);
}

function byName(a: SecretCandidate, b: SecretCandidate): number {
  return a.name < b.name ? -1 : 1;
}
