import { readLocalStore } from '../../nextflow/launcher/local-store.ts';
import type { ResolvedSecret } from '../../sources/resolve.ts';
import type { RemoteWorkspace } from '../../sources/remote-workspace.ts';
import { step } from '../../system/steps.ts';
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
 * Decrypts the values that a plan refers to. The caller drops the values as soon as they are materialized. `run`: the id for which a
 * team server releases its values; undefined for a plan, for which the server must not release any. Throws `secret-not-found`,
 * `vault-*`, and errors of the server.
 */
export async function openSecrets(
  deps: RunDependencies,
  { secrets, localStore, remote, held, foreign, environment, secretDelivery }: PlannedRun,
  run: string | undefined,
): Promise<OpenedSecrets> {
  // The server delivers the values itself.
  if (held !== null) return { values: new Map(), undeliverable: foreign };
  const values = new Map<string, SecretValue>();
  const usesLocalStore = secrets.some(({ version }) => version === null);
  const local = usesLocalStore && localStore !== null ? readLocalStore(localStore) : new Map<string, never>();
  const released = await release(deps, remote, secrets, run);
  for (const { name, secretId, version } of secrets) {
    if (version !== null && secretId === null && run === undefined) continue;
    const value =
      version === null
        ? local.get(name)
        : secretId === null
          ? released.get(name)
          : await deps.source.open(secretId, version);
    if (value === undefined)
      throw new EscrowError('secret-not-found', `${name} was removed from "${String(localStore)}" just now.`);
    values.set(name, value);
  }
  const undeliverable = deps.platformOf(environment).secrets.findUndeliverable(values, secretDelivery);
  return { values: new Map([...values].filter(([name]) => !undeliverable.has(name))), undeliverable };
}

/** Gets the values of the team server's secrets: only of those, so that no other value leaves it. */
async function release(
  deps: RunDependencies,
  remote: RemoteWorkspace | null,
  secrets: readonly ResolvedSecret[],
  run: string | undefined,
): Promise<ReadonlyMap<string, SecretValue>> {
  const wanted = secrets.flatMap(({ name, secretId, version }) =>
    secretId === null && version !== null ? [{ name, version }] : [],
  );
  if (remote === null || run === undefined || wanted.length === 0) return new Map();
  return step(deps.faults, 'secrets.release', async () => {
    await deps.source.keeper(); // a locked vault fails here, before any value leaves the server
    return deps.servers.release(remote, run, wanted);
  });
}
