import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import { assertRoom, sizeOfNewest } from '../access/limits/assert-room.ts';
import { countChanges } from '../access/limits/count-changes.ts';
import type { TeamLimits } from '../access/limits/team-limits.ts';
import { authorize } from '../access/authorize.ts';
import type { Principal } from '../access/principal.ts';
import { nameOfScope, titleOf, type SecretScope } from '../access/scopes.ts';
import { assertPrecondition, type Precondition } from '../contract/entity-tag.ts';
import { notFoundError } from '../contract/not-found.ts';
import { assertSecretName } from '../contract/secret-name.ts';
import type { ImportRequest, ImportResult, Secret } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { fragmentsOf } from '../ledger/fragments.ts';
import { rememberNothing, type Remember } from '../ledger/idempotency.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';
import { chosenKey } from './keys/chosen-key.ts';
import type { Keys } from './keys/keys.ts';
import { open, seal, sealedWith, type VaultKey } from './encryption.ts';
import { listSecrets, tagOf } from './list-secrets.ts';
import { adoptNumericIds } from './numbered-secrets.ts';
import { recordRemoval } from './secret-history.ts';
import type { SecretValue } from './secret-value.ts';
import { contextOf, storeSecrets } from './store-secrets.ts';
import { dropUnneededVersions } from './unneeded-versions.ts';
import { inBatches } from './batches.ts';
import { assertNoConflict, type ConflictRule } from './transfer/conflict-rule.ts';
import type { ImportedScope } from './transfer/imported-ids.ts';

/** A version of a secret, as a plan pins it. */
export interface SecretVersion {
  readonly secretId: string;
  readonly name: string;
  readonly version: number;
}

/** The result of setting a secret. */
export interface SetResult {
  readonly version: number;
  /** False if a secret of that name existed before. */
  readonly created: boolean;
  readonly numericId: number;
}

/** Keeps a value of another vault. `origin`: of its workspace, which the ledger does not have. */
export type KeepVersion = (
  db: Queries,
  version: { readonly name: string; readonly version: number; readonly origin: string },
  value: SecretValue,
) => Promise<string>;

/** The encrypted secrets and the keys that decrypt them. Removing, listing and pinning need no key. */
export class Vault {
  readonly keys: Keys;
  readonly #ledger: Ledger;
  readonly #limits: TeamLimits | undefined;

  /** `limits`: of a team server. */
  constructor(ledger: Ledger, keys: Keys, limits?: TeamLimits) {
    this.#ledger = ledger;
    this.#limits = limits;
    this.keys = keys;
  }

  /**
   * Sets a secret. The change is durable when this returns. The entity tag of a secret is its version. Throws
   * `name-invalid`, `workspace-personal`, `precondition-failed`, key errors.
   */
  async set(
    by: Principal,
    scope: SecretScope,
    name: string,
    value: SecretValue,
    precondition: Precondition = {},
  ): Promise<SetResult> {
    assertSecretName(name);
    assertKeepsSecrets(scope);
    await this.#countChanges(by, scope, 1);
    return this.#withCurrentKey(async (db, key) => {
      await authorizeWrite(db, by, scope);
      assertPrecondition(precondition, await tagOf(db, scope, name), `the secret ${name}`);
      const sizeBefore = this.#limits === undefined ? 0 : await sizeOfNewest(db, scope.id, [name]);
      const storing = { db, ledgerId: this.#ledger.id, by, scopeId: scope.id, key };
      const [stored] = await storeSecrets(storing, [[name, value]]);
      if (stored === undefined) throw new Error('the secret was not stored');
      const { id, version, isNew, size } = stored;
      if (size > sizeBefore) await this.#assertRoom(db, scope);
      await record(db, { type: 'secret.set', by: by.user, data: { scope: titleOf(scope), name, version } });
      // A trigger has assigned it. RETURNING has the row as it was before.
      const { numeric_id } = await db
        .selectFrom('secrets')
        .select('numeric_id')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return { version, created: isNew, numericId: numeric_id };
    });
  }

  /** Sets several secrets of a scope, all or none. Throws `import-conflict` or `precondition-failed` if the rule does not permit it. */
  async setAll(
    by: Principal,
    scope: SecretScope,
    values: ReadonlyMap<string, SecretValue>,
    onConflict: ConflictRule,
    remember: Remember = rememberNothing,
  ): Promise<ImportResult> {
    for (const name of values.keys()) assertSecretName(name);
    assertKeepsSecrets(scope);
    if (this.#limits !== undefined) {
      const { created, replaced } = await this.#classify(
        this.#ledger.db,
        scope,
        [...values.keys()],
        onConflict,
      );
      await this.#countChanges(by, scope, created.length + replaced.length);
    }
    return this.#withCurrentKey(async (db, key) => {
      await authorizeWrite(db, by, scope);
      const result = await this.#setAllIn(db, by, scope, values, onConflict, key);
      await remember(db, result);
      return result;
    });
  }

  /** Returns what `setAll` would do, and throws what it would throw, without changing anything. Needs no key. */
  async previewAll(
    scope: SecretScope,
    names: readonly string[],
    onConflict: ImportRequest['onConflict'],
  ): Promise<ImportResult> {
    for (const name of names) assertSecretName(name);
    assertKeepsSecrets(scope);
    return this.#classify(this.#ledger.db, scope, names, onConflict);
  }

  /** Sets secrets of several scopes in one transaction, like `setAll`. New secrets get their ids of the export. */
  async setScopes(
    by: Principal,
    scopes: (db: Queries) => Promise<readonly ImportedScope[]>,
    onConflict: ImportRequest['onConflict'],
  ): Promise<ImportResult> {
    return this.#withCurrentKey(async (db, key) => {
      const result: ImportResult = { created: [], replaced: [], skipped: [] };
      for (const { scope, values, numericIds } of await scopes(db)) {
        const one = await this.#setAllIn(db, by, scope, values, onConflict, key);
        await adoptNumericIds(db, scope, one.created, numericIds);
        for (const what of ['created', 'replaced', 'skipped'] as const)
          result[what].push(...one[what].map((name) => `${titleOf(scope)} ${name}`));
      }
      return result;
    });
  }

  /**
   * Removes a secret. A version that a run has pinned is kept, encrypted, until that run is purged. Throws
   * `secret-not-found`, `precondition-failed`.
   */
  async remove(
    by: Principal,
    scope: SecretScope,
    name: string,
    precondition: Precondition = {},
  ): Promise<void> {
    await this.#countChanges(by, scope, 1);
    await this.#ledger.write(async (db) => {
      await authorizeWrite(db, by, scope);
      const tag = await tagOf(db, scope, name);
      if (tag !== undefined) assertPrecondition(precondition, tag, `the secret ${name}`);
      const row = await db
        .deleteFrom('secrets')
        .where('scope_id', '=', scope.id)
        .where('name', '=', name)
        .returning(['id', 'version'])
        .executeTakeFirst();
      if (row === undefined) {
        const among = (await this.versions(db, scope)).map((each) => each.name);
        const detail = `Cannot remove ${name} from ${nameOfScope(scope)}: there is no secret of this name.`;
        throw notFoundError('secret-not-found', detail, { name, among });
      }
      await recordRemoval(db, { scopeId: scope.id, name, version: row.version }, by);
      await dropUnneededVersions(db, [row.id]);
      await record(db, { type: 'secret.removed', by: by.user, data: { scope: titleOf(scope), name } });
    });
  }

  /** Lists the secrets of a scope by name, without values. */
  async list(scope: SecretScope): Promise<Secret[]> {
    return listSecrets(this.#ledger.db, scope);
  }

  /** Returns the newest version of each secret of a scope. */
  async versions(db: Queries, scope: SecretScope): Promise<SecretVersion[]> {
    const rows = await db
      .selectFrom('secrets')
      .select(['id', 'name', 'version'])
      .where('scope_id', '=', scope.id)
      .execute();
    return rows.map(({ id, name, version }) => ({ secretId: id, name, version }));
  }

  /** Decrypts one pinned version. Throws `secret-not-found`, `secret-corrupt`, key errors. */
  async open(secretId: string, version: number): Promise<SecretValue> {
    const [value] = await this.openAll([{ secretId, version }]);
    if (value === undefined) throw versionNotFound();
    return value;
  }

  /** Decrypts pinned versions, in their order. Throws like `open`. */
  async openAll(
    wanted: readonly Pick<SecretVersion, 'secretId' | 'version'>[],
  ): Promise<readonly SecretValue[]> {
    const found = new Map<string, VersionRow>();
    for (const batch of inBatches(wanted))
      for (const row of await this.#readVersions(batch)) found.set(keyOf(row.secret_id, row.version), row);
    const keys = new Map<string, VaultKey>(); // the key file is read once for each key and not for each value
    const values: SecretValue[] = [];
    for (const { secretId, version } of wanted) {
      const row = found.get(keyOf(secretId, version));
      if (row === undefined) throw versionNotFound();
      const sealed = Buffer.from(row.sealed as ArrayBuffer);
      const id = sealedWith(sealed);
      const key = keys.get(id) ?? (await this.keys.get(id));
      keys.set(id, key);
      values.push(open(sealed, contextOf(this.#ledger.id, row), key));
    }
    return values;
  }

  #readVersions(wanted: readonly Pick<SecretVersion, 'secretId' | 'version'>[]): Promise<VersionRow[]> {
    const { db } = this.#ledger;
    const fragments = fragmentsOf(db);
    return db
      .selectFrom('secret_versions')
      .selectAll()
      .where(
        fragments.oneOf(
          'secret_id',
          wanted.map(({ secretId }) => secretId),
        ),
      )
      .where(fragments.oneOf('version', [...new Set(wanted.map(({ version }) => version))]))
      .execute();
  }

  /**
   * Returns a function that keeps a value of another vault in a transaction, encrypted, and returns the id to pin. The version is
   * deleted when the run that pins it is purged. Throws key errors.
   */
  async keeper(): Promise<KeepVersion> {
    const key = await this.#encryptionKey();
    return async (db, { name, version, origin }, value) => {
      const row = { secret_id: randomUUID(), version, name, scope_id: origin };
      const sealed = seal(value, contextOf(this.#ledger.id, row), key);
      await db
        .insertInto('secret_versions')
        .values({ ...row, sealed })
        .execute();
      return row.secret_id;
    };
  }

  /** Throws unless values can be encrypted and decrypted: key errors. */
  async assertUsable(): Promise<void> {
    await this.#encryptionKey();
  }

  async #setAllIn(
    db: Queries,
    by: Principal,
    scope: SecretScope,
    values: ReadonlyMap<string, SecretValue>,
    onConflict: ConflictRule,
    key: VaultKey,
  ): Promise<ImportResult> {
    const result = await this.#classify(db, scope, [...values.keys()], onConflict);
    const skipped = new Set(result.skipped);
    await storeSecrets(
      { db, ledgerId: this.#ledger.id, by, scopeId: scope.id, key },
      [...values].filter(([name]) => !skipped.has(name)),
    );
    await this.#assertRoom(db, scope);
    const data = { scope: titleOf(scope), ...result };
    await record(db, { type: 'secret.imported', by: by.user, data });
    return result;
  }

  async #countChanges(by: Principal, scope: SecretScope, amount: number): Promise<void> {
    if (this.#limits !== undefined) await countChanges(this.#ledger, this.#limits, { by, scope, amount });
  }

  async #assertRoom(db: Queries, scope: SecretScope): Promise<void> {
    if (this.#limits !== undefined) await assertRoom(db, this.#limits, scope);
  }

  /** Returns which names an import would create, replace and skip. Throws `import-conflict`, `precondition-failed`. */
  async #classify(
    db: Queries,
    scope: SecretScope,
    names: readonly string[],
    onConflict: ConflictRule,
  ): Promise<ImportResult> {
    const known = new Map((await this.versions(db, scope)).map(({ name, version }) => [name, version]));
    assertNoConflict(onConflict, names, known, nameOfScope(scope));
    const taken = names.filter((name) => known.has(name));
    return {
      created: names.filter((name) => !known.has(name)),
      replaced: onConflict === 'skip' ? [] : taken,
      skipped: onConflict === 'skip' ? taken : [],
    };
  }

  /**
   * Runs `work` in a transaction with the key that encrypts. Starts again if a rekey replaced that key before the
   * transaction began: a value encrypted with the old key could not be decrypted after the rekey.
   */
  async #withCurrentKey<T>(work: (db: Queries, key: VaultKey) => Promise<T>): Promise<T> {
    for (;;) {
      const key = await this.#encryptionKey();
      const done = await this.#ledger.write(async (db) =>
        (await this.#isCurrent(db, key)) ? [await work(db, key)] : [],
      );
      for (const result of done) return result;
    }
  }

  /**
   * Creates a key only while no value is encrypted. Otherwise checks that the ring decrypts an existing value, so that a
   * lost or replaced key file is reported now and not when a run needs the old values.
   */
  async #encryptionKey(): Promise<VaultKey> {
    const row = await this.#ledger.db
      .selectFrom('secret_versions')
      .select('sealed')
      .limit(1)
      .executeTakeFirst();
    const chosen = await this.#chosenKey(this.#ledger.db);
    if (row !== undefined) await this.keys.get(sealedWith(Buffer.from(row.sealed as ArrayBuffer)));
    if (chosen !== undefined) return this.keys.get(chosen);
    return this.keys.current(row === undefined);
  }

  /** Returns whether a key still encrypts new values. A transaction that a rekey has overtaken is in conflict with it. */
  async #isCurrent(db: Queries, key: VaultKey): Promise<boolean> {
    const chosen = await this.#chosenKey(db);
    return chosen === undefined ? this.keys.isCurrent(key) : chosen === key.id;
  }

  async #chosenKey(db: Queries): Promise<string | undefined> {
    return this.keys.isFixed ? chosenKey(db) : undefined;
  }
}

type VersionRow = Selectable<Tables['secret_versions']>;

function keyOf(secretId: string, version: number): string {
  return `${secretId} ${String(version)}`;
}

function versionNotFound(): EscrowError {
  return new EscrowError('secret-not-found', 'A planned version of a secret no longer exists.');
}

/** Checks in the transaction of a change that the principal may still make it. */
async function authorizeWrite(db: Queries, by: Principal, scope: SecretScope): Promise<void> {
  if (scope.kind === 'user') await authorize(db, by, 'user_secrets:write', 'self');
  else await authorize(db, by, 'pipeline_secrets:write', { workspace: titleOf(scope) });
}

function assertKeepsSecrets(scope: SecretScope): void {
  if (scope.kind === 'workspace' && scope.visibility === 'personal')
    throw new EscrowError(
      'workspace-personal',
      `Cannot set secrets in ${nameOfScope(scope)}: it is a personal workspace.`,
    );
}
