import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import Database from 'libsql';
import t, { type Test } from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { findWorkspace, userScope } from '../../../daemon/access/scopes.ts';
import { createWorkspace, removeWorkspace } from '../../../daemon/access/workspaces.ts';
import { migrations } from '../../../daemon/ledger/sqlite/migrations.ts';
import { Keys } from '../../../daemon/vault/keys/keys.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { exportVault } from '../../../daemon/vault/transfer/export.ts';
import { importVault } from '../../../daemon/vault/transfer/import.ts';
import { Vault } from '../../../daemon/vault/vault.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const user = machineUser();
const value = new SecretValue(randomBytes(8).map((byte) => byte || 1));

async function openVault(t: Test, directory = temporaryDirectory(t)) {
  const ledger = await openTestLedger(join(directory, 'ledger.db'));
  t.teardown(() => ledger.close());
  const vault = new Vault(ledger, new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined }));
  return { ledger, vault };
}

onEachLedger('never reuses a version number for a name in a scope', async (t) => {
  const { ledger, vault } = await openVault(t);
  const main = await findWorkspace(ledger.db, 'local/main');
  const own = await userScope(ledger.db, user);
  for (const scope of [main, own]) {
    t.match(await vault.set(user, scope, 'AA_KEY', value), { version: 1, created: true });
    t.match(await vault.set(user, scope, 'AA_KEY', value), { version: 2, created: false });
    await vault.remove(user, scope, 'AA_KEY');
    t.match(await vault.set(user, scope, 'AA_KEY', value), { version: 3, created: true });
  }
  await vault.remove(user, main, 'AA_KEY');
  const created = await vault.setAll(user, main, new Map([['AA_KEY', value]]), 'refuse');
  t.match(created, { created: ['AA_KEY'] });
  t.match(await vault.list(main), [{ name: 'AA_KEY', version: 4 }], 'imported');
  t.match(await vault.list(own), [{ name: 'AA_KEY', version: 3 }], 'user secrets have their own numbers');
});

onEachLedger('continues the version numbers of a workspace that is removed and created again', async (t) => {
  const { ledger, vault } = await openVault(t);
  const input = { organization: 'local', name: 'rna' };
  await createWorkspace(ledger, user, input);
  const first = await findWorkspace(ledger.db, 'local/rna');
  for (const version of [1, 2]) t.match(await vault.set(user, first, 'AA_KEY', value), { version });
  const identities = [await generateX25519Identity()];
  const recipients = await Promise.all(identities.map(identityToRecipient));
  const text = await exportVault(ledger, vault, user, { recipients });
  await removeWorkspace(ledger, user, first);
  await t.rejects(vault.set(user, first, 'AA_KEY', value), { code: 'workspace-not-found' });
  await createWorkspace(ledger, user, input);
  const second = await findWorkspace(ledger.db, 'local/rna');
  t.match(await vault.set(user, second, 'AA_KEY', value), { version: 3, created: true });
  await removeWorkspace(ledger, user, second);
  await importVault(ledger, vault, user, text, { identities }, 'refuse');
  t.match(await vault.list(await findWorkspace(ledger.db, 'local/rna')), [{ version: 4 }]);
  // An import into another ledger, as after the loss of this one, continues the exported numbers.
  const other = await openVault(t);
  await importVault(other.ledger, other.vault, user, text, { identities }, 'refuse');
  const there = await findWorkspace(other.ledger.db, 'local/rna');
  t.match(await other.vault.list(there), [{ version: 3 }]);
});

void t.test('derives version numbers of removed secrets from the journal of an older ledger', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'ledger.db');
  writeFileSync(path, '', { mode: 0o600 });
  const database = new Database(path);
  database.exec(
    'CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  for (const { id, statements } of migrations.slice(0, 6)) {
    for (const statement of statements) database.exec(statement);
    database.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run([id, 'x', 'x']);
  }
  database.exec(`INSERT INTO meta VALUES ('ledger', 'l');
    INSERT INTO scopes VALUES ('u', 'user', '', '${String(user.uid)}', 'x', NULL);
    INSERT INTO secrets (id, scope_id, name, version, created_at, updated_at)
      SELECT 's1', id, 'LIVE_KEY', 5, 'x', 'x' FROM scopes WHERE name = 'main';
    INSERT INTO secrets (id, scope_id, name, version, created_at, updated_at) VALUES ('s2', 'u', 'OWN_KEY', 2, 'x', 'x')`);
  const note = (type: string, data: object | string): unknown =>
    database
      .prepare('INSERT INTO journal (principal, at, type, data) VALUES (?, ?, ?, ?)')
      .run(['ada', 'x', type, typeof data === 'string' ? data : JSON.stringify(data)]);
  for (const version of [1, 2, 3]) note('secret.set', { scope: 'local/main', name: 'GONE_KEY', version });
  note('secret.imported', {
    scope: 'local/main',
    created: ['NEW_KEY'],
    replaced: ['GONE_KEY'],
    skipped: ['LIVE_KEY'],
  });
  note('secret.set', { scope: 'lab/rna', name: 'OTHER_KEY', version: 1 });
  note('secret.set', { scope: 'user', name: 'MINE_KEY', version: 1 });
  note('secret.set', 'no JSON');
  note('secret.set', { scope: 7, name: { x: 1 } });
  note('secret.removed', { scope: 'local/main', name: 'GONE_KEY' });
  database.close();
  const { ledger } = await openVault(t, directory);
  const rows = await ledger.db.selectFrom('last_versions').selectAll().orderBy('name').execute();
  t.same(
    rows.map(({ organization, scope, name, version }) => [organization, scope, name, version]),
    [
      ['local', 'main', 'GONE_KEY', 4],
      ['local', 'main', 'LIVE_KEY', 5],
      ['', String(user.uid), 'MINE_KEY', 1],
      ['local', 'main', 'NEW_KEY', 1],
      ['lab', 'rna', 'OTHER_KEY', 1],
      ['', String(user.uid), 'OWN_KEY', 2],
    ],
  );
});
