import { randomUUID } from 'node:crypto';
import type { Secret } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Ledger, Queries } from '../ledger/open.ts';
import { createKeyFile, readKeyFile } from './key-file.ts';
import type { ScopeRow } from './scopes.ts';
import { open, seal, sealedWith, type VaultKey } from './seal.ts';
import { assertSecretName } from '../contract/secret-name.ts';
import type { SecretValue } from './secret-value.ts';

/** The newest version of a secret, as a plan pins it. */
export interface SecretVersion {
  readonly secretId: string;
  readonly name: string;
  readonly version: number;
}

/** The sealed secrets and the key that opens them. Removing, listing and pinning never need the key. */
export class Vault {
  readonly #ledger: Ledger;
  readonly #keyFile: string;

  constructor(ledger: Ledger, keyFile: string) {
    this.#ledger = ledger;
    this.#keyFile = keyFile;
  }

  /** Sets a secret: durable when this returns. Gives the version, 1 for a new one. */
  async set(scope: ScopeRow, name: string, value: SecretValue): Promise<number> {
    assertSecretName(name);
    const key = await this.#keyForSealing();
    return this.#ledger.write(async (db) => {
      const now = new Date().toISOString();
      const { id, version } = await db
        .insertInto('secrets')
        .values({ id: randomUUID(), scope_id: scope.id, name, version: 1, created_at: now, updated_at: now })
        .onConflict((conflict) =>
          conflict
            .columns(['scope_id', 'name'])
            .doUpdateSet((set) => ({ version: set('secrets.version', '+', 1), updated_at: now })),
        )
        .returning(['id', 'version'])
        .executeTakeFirstOrThrow();
      const sealed = seal(value, { ledger: this.#ledger.id, scope: scope.id, name, version }, key);
      await db
        .insertInto('secret_versions')
        .values({ secret_id: id, version, name, scope_id: scope.id, sealed })
        .execute();
      await dropUnneededVersions(db, id, version);
      return version;
    });
  }

  /** Removes a secret. Throws `secret-unknown`. A version that a run has pinned stays, sealed, until that run is purged. */
  async remove(scope: ScopeRow, name: string): Promise<void> {
    await this.#ledger.write(async (db) => {
      const row = await db
        .deleteFrom('secrets')
        .where('scope_id', '=', scope.id)
        .where('name', '=', name)
        .returning('id')
        .executeTakeFirst();
      if (row === undefined)
        throw new EscrowError('secret-unknown', `There is no secret ${name} in this scope.`);
      await dropUnneededVersions(db, row.id, undefined);
    });
  }

  /** What may be known of the secrets of a scope, by name. */
  async list(scope: ScopeRow): Promise<Secret[]> {
    const rows = await this.#ledger.db
      .selectFrom('secrets')
      .selectAll()
      .where('scope_id', '=', scope.id)
      .orderBy('name')
      .execute();
    return rows.map((row) => ({
      name: row.name,
      scope: scope.kind,
      version: row.version,
      dateCreated: row.created_at,
      lastUpdated: row.updated_at,
      lastUsed: row.last_used_at,
      lastUsedBy: row.last_used_by,
    }));
  }

  /** The newest version of each secret of a scope. */
  async versions(db: Queries, scope: ScopeRow): Promise<SecretVersion[]> {
    const rows = await db
      .selectFrom('secrets')
      .select(['id', 'name', 'version'])
      .where('scope_id', '=', scope.id)
      .execute();
    return rows.map(({ id, name, version }) => ({ secretId: id, name, version }));
  }

  /** Opens one pinned version. */
  async open(secretId: string, version: number): Promise<SecretValue> {
    const row = await this.#ledger.db
      .selectFrom('secret_versions')
      .select(['name', 'scope_id', 'sealed'])
      .where('secret_id', '=', secretId)
      .where('version', '=', version)
      .executeTakeFirst();
    if (row === undefined) throw new EscrowError('secret-unknown', 'A version that was planned is gone.');
    const context = { ledger: this.#ledger.id, scope: row.scope_id, name: row.name, version };
    return open(Buffer.from(row.sealed as ArrayBuffer), context, this.#keyForOpening());
  }

  #keyForOpening(): VaultKey {
    const key = readKeyFile(this.#keyFile);
    if (key !== undefined) return key;
    throw new EscrowError('vault-key-missing', `"${this.#keyFile}" is not there.`);
  }

  /**
   * A new key is made only while nothing is sealed, and only the key that sealed the rest seals more: otherwise a lost
   * or exchanged key file would be noticed when a run needs the old values, not now.
   */
  async #keyForSealing(): Promise<VaultKey> {
    const row = await this.#ledger.db
      .selectFrom('secret_versions')
      .select('sealed')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return readKeyFile(this.#keyFile) ?? createKeyFile(this.#keyFile);
    const key = this.#keyForOpening();
    const needed = sealedWith(Buffer.from(row.sealed as ArrayBuffer));
    if (needed === key.id) return key;
    throw new EscrowError(
      'vault-key-wrong',
      `The vault is sealed with the key ${needed}; "${this.#keyFile}" holds ${key.id}.`,
    );
  }
}

/** Drops the versions of a secret that are neither the newest nor pinned by a run that is not purged yet. */
export async function dropUnneededVersions(
  db: Queries,
  secretId: string,
  newest: number | undefined,
): Promise<void> {
  await db
    .deleteFrom('secret_versions')
    .where('secret_id', '=', secretId)
    .where('version', '!=', newest ?? -1)
    .where('version', 'not in', db.selectFrom('pins').select('version').where('secret_id', '=', secretId))
    .execute();
}
