import { readLocalStore } from '../../nextflow/launcher/local-store.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import type { RunDependencies } from '../dependencies.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { EscrowError } from '../../errors.ts';

/** The values that a plan refers to. */
export interface OpenedSecrets {
  /** The values that the run's platform can carry, by name. */
  readonly values: ReadonlyMap<string, SecretValue>;
  /** Why it cannot carry the others, by name, as clauses. */
  readonly undeliverable: ReadonlyMap<string, string>;
}

/**
 * Decrypts the values that a plan refers to. The caller drops the values as soon as they are materialized. Throws
 * `secret-not-found`, `vault-*`.
 */
export async function openSecrets(
  deps: RunDependencies,
  { secrets, localStore, environment, secretDelivery }: PlannedRun,
): Promise<OpenedSecrets> {
  const values = new Map<string, SecretValue>();
  const usesLocalStore = secrets.some(({ secretId }) => secretId === null);
  const local = usesLocalStore && localStore !== null ? readLocalStore(localStore) : new Map<string, never>();
  for (const { name, secretId, version } of secrets) {
    const value =
      secretId === null || version === null ? local.get(name) : await deps.source.open(secretId, version);
    if (value === undefined)
      throw new EscrowError('secret-not-found', `${name} was removed from "${String(localStore)}" just now.`);
    values.set(name, value);
  }
  const undeliverable = deps.platformOf(environment).secrets.findUndeliverable(values, secretDelivery);
  return { values: new Map([...values].filter(([name]) => !undeliverable.has(name))), undeliverable };
}
