import type { UndeliverableSecret } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { RunDependencies } from '../dependencies.ts';
import { openSecrets } from '../materialize/open-secrets.ts';
import type { PlannedRun } from './plan.ts';

/** Returns the plan without the secrets whose values the platform cannot carry. `reasons`: why, by name, as clauses. */
export function withoutUndeliverable(planned: PlannedRun, reasons: ReadonlyMap<string, string>): PlannedRun {
  if (reasons.size === 0) return planned;
  const undeliverable = planned.secrets.flatMap(({ name, scope, version }): UndeliverableSecret[] => {
    const reason = reasons.get(name);
    return reason === undefined ? [] : [{ name, scope, version, reason }];
  });
  const isCarried = ({ name }: { readonly name: string }): boolean => !reasons.has(name);
  return {
    ...planned,
    secrets: planned.secrets.filter(isCarried),
    plan: { ...planned.plan, secrets: planned.plan.secrets.filter(isCarried), undeliverable },
  };
}

/**
 * Examines the values that a plan refers to, without keeping them, and leaves out those that the platform cannot carry. If the
 * values cannot be read, the plan's note says so: a plan does not need the key of the vault.
 */
export async function examineValues(deps: RunDependencies, planned: PlannedRun): Promise<PlannedRun> {
  if (planned.held !== null) return withoutUndeliverable(planned, planned.foreign);
  const { secrets } = deps.platformOf(planned.environment);
  if (planned.secrets.length === 0 || secrets.carriesAnyValue(planned.secretDelivery)) return planned;
  try {
    const examined = withoutUndeliverable(
      planned,
      (await openSecrets(deps, planned, undefined)).undeliverable,
    );
    const isRemote = planned.secrets.some(({ secretId, version }) => secretId === null && version !== null);
    return isRemote ? withNote(examined, REMOTE) : examined;
  } catch (error) {
    if (!(error instanceof EscrowError)) throw error;
    return withNote(
      planned,
      `the values were not checked, and some of them may be undeliverable: ${error.message}`,
    );
  }
}

const REMOTE =
  'the values of the team server were not checked, because the server releases them only to a run. Some of them may be undeliverable.';

function withNote(planned: PlannedRun, more: string): PlannedRun {
  const { note } = planned.plan;
  return { ...planned, plan: { ...planned.plan, note: note === null ? more : `${note} ${more}` } };
}

/** Throws `value-not-deliverable` for the first secret that was selected by name and is undeliverable. */
export function assertSelectedDeliverable(
  { isSelection, secretDelivery }: PlannedRun,
  reasons: ReadonlyMap<string, string>,
): void {
  const [first] = reasons;
  if (!isSelection || first === undefined) return;
  const [name, why] = first;
  const { plugin, reason } = secretDelivery;
  const unused =
    plugin === null && reason !== null
      ? ` The plugin, which could deliver this value, is not used: ${reason}.`
      : '';
  throw new EscrowError(
    'value-not-deliverable',
    `Cannot deliver the selected secret ${name}: ${why}.${unused}`,
  );
}
