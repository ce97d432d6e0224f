import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t, { type Test } from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import { createWorkspace, removeWorkspace } from '../../../daemon/access/workspaces.ts';
import { COMPACT_AFTER } from '../../../daemon/ledger/sqlite/erasure/sealed-values.ts';
import { migrations } from '../../../daemon/ledger/sqlite/migrations.ts';
import { rekey } from '../../../daemon/vault/keys/rekey.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { until } from '../../support/sandbox.ts';
import { findSealed, readSealed, type Sealed } from '../../support/sealed-search.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { openVaultIn } from '../../support/vault-in-directory.ts';

const user = machineUser();

function valuesOf(count: number, sizeOf: (index: number) => number): Map<string, SecretValue> {
  return new Map(
    Array.from({ length: count }, (_, index) => [
      `KEY_${String(index)}`,
      new SecretValue(randomBytes(sizeOf(index))),
    ]),
  );
}

/** Returns the earlier values that the ledger no longer contains. */
function removedSince(path: string, before: readonly Sealed[]): Sealed[] {
  const now = readSealed(path);
  return before.filter(({ bytes }) => !now.some((one) => one.bytes.equals(bytes)));
}

void t.test('erases a removed or replaced value from every file before the removal returns', async (t) => {
  const { directory, path, ledger, vault, scope, key } = await openVaultIn(t);
  await vault.setAll(
    user,
    scope,
    valuesOf(40, (index) => 1 + index ** 2 * 5),
    'refuse',
  );
  await createWorkspace(ledger, user, { organization: 'local', name: 'rna' });
  const other = await findWorkspace(ledger.db, 'local/rna');
  await vault.setAll(
    user,
    other,
    valuesOf(10, () => 100),
    'refuse',
  );
  const first = readSealed(path);
  const there = findSealed(directory, first, await key());
  for (const how of ['opens', 'is in part'])
    t.ok(there.filter((what) => what.includes(how)).length >= 10, `existing values are found: ${how}`);
  const nothingLeft = async (what: string, count: number): Promise<void> => {
    const removed = removedSince(path, first);
    t.equal(removed.length, count, what);
    t.same(findSealed(directory, removed, await key()), [], what);
  };
  for (const index of [3, 30, 20, 39]) await vault.remove(user, scope, `KEY_${String(index)}`);
  await nothingLeft('removed one by one', 4);
  await vault.set(user, scope, 'KEY_0', new SecretValue(randomBytes(2000)));
  await nothingLeft('replaced', 5);
  await Promise.all([5, 6, 7, 8].map((index) => vault.remove(user, scope, `KEY_${String(index)}`)));
  await nothingLeft('removed concurrently', 9);
  await removeWorkspace(ledger, user, other);
  await nothingLeft('removed with their workspace', 19);
  const before = await key();
  await rekey(ledger, vault, user, 'file', undefined);
  t.same(findSealed(directory, first, before), [], 'values encrypted with the old key');
  for (const { secretId, version } of await vault.versions(ledger.db, scope))
    await vault.open(secretId, version);
  t.equal(ledger.erasure.pending, undefined);
});

void t.test('removes a secret while another process reads, and erases it when that ends', async (t) => {
  const reports: (string | undefined)[] = [];
  const { directory, path, ledger, vault, scope, key } = await openVaultIn(t, undefined, (pending) =>
    reports.push(pending),
  );
  await vault.setAll(
    user,
    scope,
    valuesOf(3, () => 50),
    'refuse',
  );
  const before = readSealed(path);
  const reader = new Database(path);
  t.teardown(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM secret_versions').all();
  await vault.remove(user, scope, 'KEY_1'); // resolves although the reader's transaction is open
  t.match(ledger.erasure.pending, /another process is reading/);
  t.not(findSealed(directory, removedSince(path, before), await key()).length, 0, 'not erased yet');
  await vault.remove(user, scope, 'KEY_2');
  reader.exec('COMMIT');
  await until('the values are erased', () => ledger.erasure.pending === undefined);
  t.same(findSealed(directory, removedSince(path, before), await key()), []);
  t.match(reports, [/another process is reading/, undefined]);
});

void t.test('erases at start what a killed daemon had removed', async (t) => {
  const { directory, path, ledger, vault, scope, key } = await openVaultIn(t);
  await vault.setAll(
    user,
    scope,
    valuesOf(5, () => 300),
    'refuse',
  );
  const before = readSealed(path);
  const vaultKey = await key();
  // This connection does not erase, like a daemon that is killed between commit and erasure.
  const killed = new Database(path);
  const after = temporaryDirectory(t);
  killed.exec('PRAGMA secure_delete = ON; PRAGMA wal_checkpoint(TRUNCATE)');
  copyFileSync(path, join(after, 'ledger.db.form-6'));
  killed.exec(`DELETE FROM secret_versions WHERE name IN ('KEY_2', 'KEY_3')`);
  for (const end of ['', '-wal']) copyFileSync(path + end, join(after, `ledger.db${end}`));
  copyFileSync(join(directory, 'vault.key'), join(after, 'vault.key'));
  killed.close();
  await ledger.close();
  const removed = before.filter(({ context }) => /[23]$/.test(context.name));
  t.not(findSealed(after, removed, vaultKey).length, 0);
  const next = await openVaultIn(t, after);
  t.same(findSealed(after, removed, vaultKey), []);
  t.equal((await next.vault.list(next.scope)).length, 5, 'nothing else changed');
});

/** Creates a ledger with schema version 6 and 30 secrets, and its key file. Returns the encrypted values. */
async function createVersion6(t: Test, directory: string): Promise<Sealed[]> {
  const source = await openVaultIn(t);
  await source.vault.setAll(
    user,
    source.scope,
    valuesOf(30, () => 200),
    'refuse',
  );
  const sealed = readSealed(source.path);
  const { id } = source.ledger;
  copyFileSync(join(source.directory, 'vault.key'), join(directory, 'vault.key'));
  const path = join(directory, 'ledger.db');
  writeFileSync(path, '', { mode: 0o600 });
  const old = new Database(path);
  old.exec('PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON');
  old.exec(
    'CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  for (const { id: version, statements } of migrations.slice(0, 6)) {
    for (const statement of statements) old.exec(statement);
    old.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run([version, 'x', 'x']);
  }
  old.prepare(`INSERT INTO meta VALUES ('ledger', ?)`).run([id]);
  old.exec(`UPDATE scopes SET id = '${sealed[0]?.context.scope ?? ''}' WHERE name = 'main'`);
  for (const { context, bytes } of sealed) {
    const { secret, scope, name, version } = context;
    old
      .prepare(
        `INSERT INTO secrets (id, scope_id, name, version, created_at, updated_at) VALUES (?, ?, ?, ?, 'x', 'x')`,
      )
      .run([secret, scope, name, version]);
    old
      .prepare('INSERT INTO secret_versions VALUES (?, ?, ?, ?, ?)')
      .run([secret, version, name, scope, bytes]);
  }
  old.close();
  return sealed;
}

void t.test('deletes the backup of a migration once a value in it is removed', async (t) => {
  const directory = temporaryDirectory(t);
  const sealed = await createVersion6(t, directory);
  const copy = join(directory, 'ledger.db.form-6');
  const { ledger, vault, scope, key } = await openVaultIn(t, directory);
  const [removed] = sealed;
  if (removed === undefined) throw new Error('the ledger has no encrypted value');
  await vault.set(user, scope, 'NEW_KEY', new SecretValue(Buffer.from('new')));
  t.ok(existsSync(copy), 'kept while nothing is removed');
  t.not(findSealed(directory, [removed], await key()).length, 0);
  await ledger.close();
  const again = await openVaultIn(t, directory);
  t.ok(existsSync(copy), 'kept when the ledger is opened again');
  for (const name of ['ledger.db.form-6.unfinished', 'ledger.db.form-6.unfinished-journal'])
    writeFileSync(join(directory, name), readFileSync(copy));
  writeFileSync(join(directory, 'ledger.db.form-mine'), 'a file of the user');
  mkdirSync(join(directory, 'ledger.db.form-5'));
  await again.vault.remove(user, again.scope, removed.context.name);
  t.same(findSealed(directory, [removed], await key()), []);
  t.notOk(existsSync(copy));
  t.ok(existsSync(join(directory, 'ledger.db.form-mine')), 'keeps a file of the user');
  t.ok(statSync(join(directory, 'ledger.db.form-5')).isDirectory());
});

void t.test('deletes a backup after a week even if nothing was removed', async (t) => {
  const directory = temporaryDirectory(t);
  await createVersion6(t, directory);
  const copy = join(directory, 'ledger.db.form-6');
  const days = (count: number): number => Date.now() / 1000 - count * 24 * 3600;
  for (const age of [0, 6.9, 7.1]) {
    const { ledger } = await openVaultIn(t, directory);
    if (age === 0) t.ok(existsSync(copy));
    await ledger.close();
    utimesSync(copy, days(age), days(age));
    const next = await openVaultIn(t, directory);
    await next.ledger.close();
    t.equal(existsSync(copy), age < 7, `${String(age)} days`);
  }
});

void t.test('leaves no part of a removed value in the unused part of a page', async (t) => {
  // With only DELETE and secure_delete, these seeds leave 348 and 234 bytes of a removed value in unused parts of pages.
  for (const seed of [13, 31]) {
    const { path, ledger } = await openVaultIn(t);
    // A linear congruential generator, so that sizes, order and therefore the pages are the same in every run.
    let state = seed;
    const draw = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    const left = Array.from({ length: 300 }, (_, index) => String(index).padStart(4, '0'));
    const removed = new Set<string>();
    await ledger.write(async (db) => {
      for (const name of left) {
        const sealed = Buffer.from(`<${name}>`.repeat(30 + draw(60)));
        const row = { secret_id: name, version: 1, name, scope_id: 's', sealed };
        await db.insertInto('secret_versions').values(row).execute();
      }
    });
    await ledger.write(async (db) => {
      while (left.length > 60) {
        const name = left.splice(draw(left.length), 1)[0] ?? '';
        await db.deleteFrom('secret_versions').where('name', '=', name).execute();
        removed.add(name);
      }
    });
    const pages = readFileSync(path, 'latin1');
    const found = new Set([...pages.matchAll(/<(\d{4})>/g)].map(([, name = '']) => name));
    t.same([...found].sort(), left, `${String(removed.size)} values are erased, and only these`);
  }
});

void t.test('compacts the table without losing a live value', async (t) => {
  const { directory, path, ledger, vault, scope, key } = await openVaultIn(t);
  const values = valuesOf(COMPACT_AFTER + 30, (index) => 20 + index);
  await vault.setAll(user, scope, values, 'refuse');
  const before = readSealed(path);
  const kept = new Set(['KEY_7', 'KEY_300', `KEY_${String(COMPACT_AFTER + 29)}`]);
  const gone = [...values.keys()].filter((name) => !kept.has(name));
  await Promise.all(gone.map((name) => vault.remove(user, scope, name)));
  const rows = (): number => {
    const database = new Database(path, { readonly: true });
    const [row] = database.prepare('SELECT count(*) AS count FROM sealed_values').all() as {
      count: number;
    }[];
    database.close();
    return row?.count ?? 0;
  };
  // A commit starts the compaction in the background once there are enough removed rows.
  await vault.set(user, scope, 'KEY_7', values.get('KEY_7') ?? new SecretValue(Buffer.from('x')));
  await until('the removed rows are dropped', () => rows() < COMPACT_AFTER);
  for (const { name, secretId, version } of await vault.versions(ledger.db, scope))
    t.ok(
      (await vault.open(secretId, version)).open().equals(values.get(name)?.open() ?? Buffer.alloc(0)),
      name,
    );
  t.equal((await vault.list(scope)).length, kept.size);
  t.same(findSealed(directory, removedSince(path, before), await key()), []);
});
