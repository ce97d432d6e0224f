// Who set the versions of a secret, and the search for secrets of all workspaces.
import { chmodSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import t from 'tap';
import type { Secret, SecretHistory, SecretSearch } from '../../../daemon/contract/types.ts';
import { migrations } from '../../../daemon/ledger/sqlite/migrations.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { codeOf } from '../../support/http.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const PATH = '/v1/workspaces/local/main/secrets';
const { username } = userInfo();

function newValue(): string {
  return randomBytes(16).toString('hex');
}

void t.test('keeps who set each version and who removed the secret, without values', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  const get = async <T>(path: string): Promise<T> => JSON.parse((await box.http('GET', path)).text) as T;
  const history = (query = '') => get<SecretHistory>(`${PATH}/FOO_KEY/history${query}`);
  t.same(await history(), { versions: [] });
  const [first, second] = [newValue(), newValue()];
  await box.http('PUT', `${PATH}/FOO_KEY`, { value: first });
  await box.http('POST', `${PATH}/import`, {
    secrets: [
      { name: 'FOO_KEY', valueBase64: Buffer.from(second).toString('base64') },
      { name: 'BAR_KEY', valueBase64: 'YQ==' },
    ],
    onConflict: 'replace',
  });
  const { versions } = await history();
  t.match(versions, [
    { version: 2, setBy: username, removedAt: null, removedBy: null },
    { version: 1, setBy: username, removedAt: null, removedBy: null },
  ]);
  const secret = await get<Secret>(`${PATH}/FOO_KEY`);
  t.match(secret, { version: 2, updatedBy: username, lastUpdated: versions[0]?.setAt });

  await box.http('DELETE', `${PATH}/FOO_KEY`);
  t.match((await history()).versions[0], { version: 2, removedBy: username, removedAt: /^20/ });
  await box.http('PUT', `${PATH}/FOO_KEY`, { value: newValue() });
  t.match((await history()).versions, [
    { version: 3, removedAt: null },
    { version: 2, removedBy: username },
    { version: 1, removedAt: null },
  ]);
  const { next = '', versions: page } = await history('?limit=2');
  t.match(page, [{ version: 3 }, { version: 2 }]);
  t.match((await history(`?limit=2&cursor=${next}`)).versions, [{ version: 1 }]);
  t.equal(codeOf(await box.http('GET', `${PATH}/BAR_KEY/history?cursor=${next}`)), 'cursor-invalid');
  const { text } = await box.http('GET', `${PATH}/FOO_KEY/history`);
  for (const value of [first, second]) t.notMatch(text, value);

  await box.http('POST', '/v1/workspaces', { organization: 'local', name: 'short' });
  const other = '/v1/workspaces/local/short';
  await box.http('PUT', `${other}/secrets/FOO_KEY`, { value: newValue() });
  const { headers } = await box.http('GET', other);
  t.equal((await box.http('DELETE', other, undefined, { 'if-match': String(headers['etag']) })).status, 204);
  await box.http('POST', '/v1/workspaces', { organization: 'local', name: 'short' });
  t.same(await get(`${other}/secrets/FOO_KEY/history`), { versions: [] }, 'ends with the workspace');
});

void t.test('searches for secrets of all workspaces and of the user', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['daemon', 'start']);
  await box.http('POST', '/v1/workspaces', { organization: 'local', name: 'other' });
  const other = '/v1/workspaces/local/other/secrets';
  for (const path of [
    `${PATH}/DB_PASSWORD`,
    `${other}/DB_PASSWORD`,
    `${other}/TOKEN`,
    '/v1/user/secrets/MY_PASS',
  ])
    await box.http('PUT', path, { value: newValue() });
  const search = async (query: string): Promise<SecretSearch> =>
    JSON.parse((await box.http('GET', `/v1/secrets${query}`)).text) as SecretSearch;
  const shown = ({ found }: SecretSearch) =>
    found.map(({ secret, workspace }) => `${workspace ?? 'user'} ${secret.name}`).sort();
  t.same(shown(await search('?text=pass')), [
    'local/main DB_PASSWORD',
    'local/other DB_PASSWORD',
    'user MY_PASS',
  ]);
  t.same(shown(await search('?text=_')), shown(await search('?text=pass')), 'no wildcard');
  t.equal((await search('')).found.length, 4);
  t.match((await search('?text=token')).found, [
    { secret: { scope: 'workspace', updatedBy: username, permissions: ['pipeline_secrets:read'] } },
  ]);
  const { next = '', found } = await search('?limit=2');
  t.equal(found.length, 2);
  const rest = await search(`?limit=2&cursor=${next}`);
  t.equal(new Set(shown({ found: [...found, ...rest.found] })).size, 4, 'each once');
  t.equal((await box.http('GET', '/v1/secrets?text=a%25')).status, 400);
});

void t.test('takes the history of an earlier ledger from its journal', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  const database = new Database(path);
  database.exec(
    'CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  const index = migrations.findIndex(({ name }) => name === 'versions of secrets');
  for (const { id, name, statements } of migrations.slice(0, index)) {
    for (const statement of statements) database.exec(statement);
    database.prepare(`INSERT INTO migrations VALUES (?, ?, '')`).run([id, name]);
  }
  database.exec(`
    INSERT INTO scopes (id, kind, organization, name, created_at) VALUES ('w', 'workspace', 'lab', 'rna', '2026-01-01'),
      ('u', 'user', '', '1000', '2026-01-01');
    INSERT INTO secrets (id, scope_id, name, version, created_at, updated_at) VALUES
      ('1', 'w', 'FOO_KEY', 3, '2026-01-02', '2026-01-04'), ('2', 'u', 'FOO_KEY', 1, '2026-01-03', '2026-01-03'),
      ('3', 'w', 'OLD_KEY', 5, '2026-01-03', '2026-01-03');
    INSERT INTO journal (at, type, principal, data) VALUES
      ('2026-01-01', 'secret.set', 'eve', '{"scope":"lab/rna","name":"FOO_KEY","version":1}'),
      ('2026-01-02', 'secret.set', 'ada', '{"scope":"lab/rna","name":"FOO_KEY","version":2}'),
      ('2026-01-03', 'secret.set', 'bob', '{"scope":"user","name":"FOO_KEY","version":1}'),
      ('2026-01-04', 'secret.set', 'ada', '{"scope":"lab/rna","name":"FOO_KEY","version":3}'),
      ('2026-01-04', 'secret.set', 'ada', '{"scope":"lab/rna"}'),
      ('2026-01-04', 'secret.set', 'ada', 'not JSON'),
      ('2026-01-04', 'secret.removed', 'ada', '{"scope":"lab/rna","name":"FOO_KEY"}');`);
  database.close();
  chmodSync(path, 0o600);
  const ledger = await openLedger(path);
  t.teardown(() => ledger.close());
  const rows = await ledger.db.selectFrom('secret_history').selectAll().execute();
  t.same(
    rows.map(({ scope_id, name, version, set_by }) => [scope_id, name, version, set_by].join(' ')).sort(),
    ['u FOO_KEY 1 bob', 'w FOO_KEY 2 ada', 'w FOO_KEY 3 ada', 'w OLD_KEY 5 '],
    'not those of a secret of the same name that was removed before',
  );
});
