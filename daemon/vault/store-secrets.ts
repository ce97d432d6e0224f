import { randomUUID } from 'node:crypto';
import type { RawBuilder } from 'kysely';
import type { Principal } from '../access/principal.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';
import { inBatches } from './batches.ts';
import { seal, type SealContext, type VaultKey } from './encryption.ts';
import { nextVersions } from './next-version.ts';
import { recordSet } from './secret-history.ts';
import type { SecretValue } from './secret-value.ts';
import { dropUnneededVersions } from './unneeded-versions.ts';

/** A secret whose new value was stored. */
export interface StoredSecret {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  /** False if a secret of that name existed before. */
  readonly isNew: boolean;
  /** The encrypted value, in bytes. */
  readonly size: number;
}

/** What values are stored with. */
interface Storing {
  readonly db: Queries;
  readonly ledgerId: Ledger['id'];
  readonly by: Principal;
  readonly scopeId: string;
  readonly key: VaultKey;
}

/**
 * Stores new values of a scope, by name, encrypted. Versions that nothing needs are deleted. Call it in a transaction that
 * has checked the permission. Throws `workspace-not-found`.
 */
export async function storeSecrets(
  storing: Storing,
  values: readonly (readonly [name: string, value: SecretValue])[],
): Promise<StoredSecret[]> {
  const stored: StoredSecret[] = [];
  for (const batch of inBatches(values)) stored.push(...(await storeBatch(storing, new Map(batch))));
  const replaced = stored.filter(({ isNew }) => !isNew);
  await dropUnneededVersions(
    storing.db,
    replaced.map(({ id }) => id),
  );
  return stored;
}

async function storeBatch(
  { db, ledgerId, by, scopeId, key }: Storing,
  values: ReadonlyMap<string, SecretValue>,
): Promise<StoredSecret[]> {
  const now = ledgerTime(db);
  const versions = await nextVersions(db, scopeId, [...values.keys()]);
  const encrypted = (await upsert(db, scopeId, versions, now)).flatMap((one) => {
    const value = values.get(one.name);
    if (value === undefined) return [];
    const row = { secret_id: one.id, version: one.version, name: one.name, scope_id: scopeId };
    return [{ one, row: { ...row, sealed: seal(value, contextOf(ledgerId, row), key) } }];
  });
  await db
    .insertInto('secret_versions')
    .values(encrypted.map(({ row }) => row))
    .execute();
  const stored = encrypted.map(({ one, row }) => ({ ...one, size: row.sealed.length }));
  await recordSet(db, stored, { scopeId, by, at: now });
  return stored;
}

async function upsert(
  db: Queries,
  scopeId: string,
  versions: ReadonlyMap<string, number>,
  now: RawBuilder<string>,
): Promise<Omit<StoredSecret, 'size'>[]> {
  const rows = [...versions].map(([name, version]) => ({
    ...{ id: randomUUID(), scope_id: scopeId, name, version, created_at: now, updated_at: now },
  }));
  const newIds = new Set<string>(rows.map(({ id }) => id));
  const stored = await db
    .insertInto('secrets')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['scope_id', 'name']).doUpdateSet((set) => ({
        version: set.ref('excluded.version'),
        updated_at: now,
      })),
    )
    .returning(['id', 'name', 'version'])
    .execute();
  return stored.map(({ id, name, version }) => ({ id, name, version, isNew: newIds.has(id) }));
}

/** Returns the context that the encrypted value of a row is bound to. */
export function contextOf(ledger: Ledger['id'], row: Omit<Tables['secret_versions'], 'sealed'>): SealContext {
  const { scope_id: scope, secret_id: secret, name, version } = row;
  return { ledger, scope, secret, name, version };
}
