import type { Selectable } from 'kysely';
import type { PlannedSecret } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { SecretSource } from '../../sources/source.ts';
import type { Tables } from '../../ledger/tables.ts';

/** Where the values of runs are. */
export interface ValueSources {
  readonly ledger: Pick<Ledger, 'db'>;
  readonly source: SecretSource;
}

/** A run and its planned secrets. queries.ts has the whole row, but imports what depends on this file. */
export type PlanOfRun = Pick<Selectable<Tables['runs']>, 'id' | 'plan'>;

/** Values of a run that is not purged yet, by name, as far as they are available. */
export interface RunValues {
  readonly values: ReadonlyMap<string, SecretValue>;
  /** Names of secrets in a vault that is locked or whose key is not available. */
  readonly locked: readonly string[];
  /** Names of secrets that no vault has: they came from Nextflow's own store, or their version was deleted. */
  readonly unknown: readonly string[];
}

/** Decrypts the pinned values of a run. A value that is not available is listed instead of thrown. */
export async function runValues(deps: ValueSources, run: PlanOfRun): Promise<RunValues> {
  const pinned = await deps.ledger.db
    .selectFrom('pins')
    .innerJoin('secret_versions', (join) =>
      join
        .onRef('secret_versions.secret_id', '=', 'pins.secret_id')
        .onRef('secret_versions.version', '=', 'pins.version'),
    )
    .select(['secret_versions.name', 'pins.secret_id', 'pins.version'])
    .where('pins.run_id', '=', run.id)
    .execute();
  const values = new Map<string, SecretValue>();
  const [locked, unknown]: [string[], string[]] = [[], []];
  for (const { name } of JSON.parse(run.plan) as PlannedSecret[]) {
    const pin = pinned.find((one) => one.name === name);
    try {
      if (pin === undefined) unknown.push(name);
      else values.set(name, await deps.source.open(pin.secret_id, pin.version));
    } catch (error) {
      (asEscrowError(error).code.startsWith('vault-') ? locked : unknown).push(name);
    }
  }
  return { values, locked, unknown };
}
