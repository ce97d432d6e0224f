// Ids that are numbers: assigned to old and new rows, and kept by exports and imports.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decrypter, Encrypter, armor, generateX25519Identity, identityToRecipient } from 'age-encryption';
import Database from 'libsql';
import t from 'tap';
import { listNumberedWorkspaces, numericIdOf } from '../../../daemon/access/numbered-workspaces.ts';
import { machineUser } from '../../../daemon/access/principal.ts';
import { findWorkspace, userScope, type SecretScope } from '../../../daemon/access/scopes.ts';
import { migrations } from '../../../daemon/ledger/sqlite/migrations.ts';
import { numericIdsMigration } from '../../../daemon/ledger/sqlite/migrations/numeric-ids.ts';
import { listNumberedSecrets } from '../../../daemon/vault/numbered-secrets.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { exportVault } from '../../../daemon/vault/transfer/export.ts';
import { importVault } from '../../../daemon/vault/transfer/import.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { openVaultIn, type OpenedVault } from '../../support/vault-in-directory.ts';

const user = machineUser();
const identity = await generateX25519Identity();
const recipients = [await identityToRecipient(identity)];
const identities = [identity];

const set = ({ vault }: OpenedVault, scope: SecretScope, name: string): Promise<unknown> =>
  vault.set(user, scope, name, new SecretValue(Buffer.from('a value of the test')));

/** Returns all ids: of workspaces and organizations, of the user, and of secrets by scope. */
async function idsIn({ ledger }: OpenedVault): Promise<object> {
  const own = await userScope(ledger.db, user);
  const workspaces = await listNumberedWorkspaces(ledger.db, user);
  const secrets: Record<string, [string, number][]> = {};
  for (const { organization, name } of workspaces) {
    const scope = await findWorkspace(ledger.db, `${organization}/${name}`);
    const found = await listNumberedSecrets(ledger.db, scope);
    secrets[`${organization}/${name}`] = found.map((one) => [one.name, one.numericId]);
  }
  const ofUser = await listNumberedSecrets(ledger.db, own);
  return {
    workspaces,
    secrets,
    user: await numericIdOf(ledger.db, own),
    own: ofUser.map((one) => [one.name, one.numericId]),
  };
}

/** Creates a vault with secrets of the workspace local/main and of the user. */
async function filled(t: Parameters<typeof openVaultIn>[0]): Promise<OpenedVault> {
  const opened = await openVaultIn(t);
  for (const name of ['AA_KEY', 'BB_KEY']) await set(opened, opened.scope, name);
  await set(opened, await userScope(opened.ledger.db, user), 'OWN_KEY');
  return opened;
}

onEachLedger('keeps all ids when an export is imported into a new ledger', async (t) => {
  const from = await filled(t);
  const text = await exportVault(from.ledger, from.vault, user, { recipients });
  const to = await openVaultIn(t);
  await userScope(to.ledger.db, user); // exists, as after a request without a workspace
  t.notSame(await idsIn(to), await idsIn(from), 'ids are random');
  await importVault(to.ledger, to.vault, user, text, { identities }, 'refuse');
  t.same(await idsIn(to), await idsIn(from));
  await importVault(to.ledger, to.vault, user, text, { identities }, 'replace');
  t.same(await idsIn(to), await idsIn(from), 'a second import changes no id');
});

onEachLedger('changes no id that clients of a ledger with secrets can know', async (t) => {
  const from = await filled(t);
  const text = await exportVault(from.ledger, from.vault, user, { recipients });
  const to = await openVaultIn(t);
  await set(to, to.scope, 'AA_KEY');
  const before = await listNumberedWorkspaces(to.ledger.db, user);
  const [mine] = await listNumberedSecrets(to.ledger.db, to.scope);
  await importVault(to.ledger, to.vault, user, text, { identities }, 'replace');
  t.same(await listNumberedWorkspaces(to.ledger.db, user), before);
  const [first, second] = await listNumberedSecrets(to.ledger.db, to.scope);
  t.match(first, { name: 'AA_KEY', numericId: mine?.numericId, version: 2 });
  const [, exported] = await listNumberedSecrets(from.ledger.db, from.scope);
  t.match(second, { name: 'BB_KEY', numericId: exported?.numericId }, 'a new secret gets its own id');
});

onEachLedger('assigns another id to an imported secret whose id is taken', async (t) => {
  const from = await filled(t);
  const text = await exportVault(from.ledger, from.vault, user, { recipients });
  const [taken] = await listNumberedSecrets(from.ledger.db, from.scope);
  const to = await openVaultIn(t);
  await set(to, to.scope, 'OTHER_KEY');
  await to.ledger.db
    .updateTable('secrets')
    .set({ numeric_id: taken?.numericId ?? 0 })
    .execute();
  await importVault(to.ledger, to.vault, user, text, { identities }, 'refuse');
  const secrets = await listNumberedSecrets(to.ledger.db, to.scope);
  t.match(
    secrets.find(({ name }) => name === 'OTHER_KEY'),
    { numericId: taken?.numericId },
  );
  const ids = secrets.map(({ numericId }) => numericId);
  t.equal(new Set(ids).size, 3);
  t.ok(ids.every((id) => Number.isSafeInteger(id) && id > 0));
});

onEachLedger('imports exports without ids', async (t) => {
  const from = await filled(t);
  const text = await exportVault(from.ledger, from.vault, user, { recipients });
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const plain = await decrypter.decrypt(armor.decode(text), 'text');
  t.match(plain, /"numericId":\d+/);
  const older = new Encrypter();
  older.addRecipient(recipients[0] ?? '');
  const stripped = plain.replaceAll(/"(numericId|organizationNumericId)":\d+,/g, '');
  const to = await openVaultIn(t);
  const before = await listNumberedWorkspaces(to.ledger.db, user);
  const encrypted = armor.encode(await older.encrypt(stripped));
  await importVault(to.ledger, to.vault, user, encrypted, { identities }, 'refuse');
  t.same(await listNumberedWorkspaces(to.ledger.db, user), before);
  t.equal((await listNumberedSecrets(to.ledger.db, to.scope)).length, 2);
});

void t.test('assigns ids to the rows of an older ledger', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  writeFileSync(path, '', { mode: 0o600 });
  const old = new Database(path);
  old.exec(
    'CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  const own = migrations.findIndex(({ name }) => name === numericIdsMigration.name);
  for (const { id, statements } of migrations.slice(0, own)) {
    for (const statement of statements) old.exec(statement);
    old.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run([id, 'x', 'x']);
  }
  old.exec(`INSERT INTO meta VALUES ('ledger', 'l')`);
  for (let index = 0; index < 50; index += 1)
    old.exec(`INSERT INTO secrets (id, scope_id, name, version, created_at, updated_at)
      SELECT 's${String(index)}', id, 'KEY${String(index)}', 1, 'x', 'x' FROM scopes WHERE name = 'main'`);
  old.close();
  const ledger = await openTestLedger(path);
  t.teardown(() => ledger.close());
  const secrets = await listNumberedSecrets(ledger.db, await findWorkspace(ledger.db, 'local/main'));
  const [main] = await listNumberedWorkspaces(ledger.db, user);
  const ids = [...secrets.map(({ numericId }) => numericId), main?.numericId, main?.organizationNumericId];
  t.equal(new Set(ids).size, 52);
  t.ok(ids.every((id) => Number.isSafeInteger(id) && (id ?? 0) > 0));
  t.ok(
    ids.some((id) => (id ?? 0) > 2 ** 40),
    'random ids are large',
  );
});
