import type { PlannedSecret, Scope, Selection } from '../contract/types.ts';
import { notFoundError } from '../contract/not-found.ts';
import { EscrowError } from '../errors.ts';
import type { SecretCandidate } from './source.ts';

/** A selected secret, and the scopes whose secret of the same name it overrides. */
export interface ResolvedSecret extends SecretCandidate {
  readonly overrides: Scope[];
}

/** Scopes by precedence: the user's secrets override the workspace's, which override Nextflow's own store. */
const PRECEDENCE: readonly Scope[] = ['user', 'workspace', 'local'];

/**
 * Resolves the secrets of a run: for each selected name, the candidate of the scope with the highest precedence. Throws
 * `secret-not-available` if a selected name does not exist, `usage` if it is selected twice.
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
    const where =
      wanted.scope === null ? 'the run has' : wanted.scope === 'user' ? 'you have' : 'the workspace has';
    throw notFoundError(
      'secret-not-available',
      `Cannot deliver ${wanted.name}: ${where} no secret of this name.`,
      { name: wanted.name, among: candidates.map(({ name }) => name) },
    );
  });
  const names = chosen.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new EscrowError('usage', `Cannot deliver ${twice}: it is selected twice.`);
  return chosen.sort(byName);
}

/** Returns a resolved secret as the API shows it, without the ledger's internal id. */
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
