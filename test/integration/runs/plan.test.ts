import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { userScope } from '../../../daemon/access/scopes.ts';
import { identifySelf } from '../../../daemon/system/processes/process-identity.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';
import { openModules } from '../../support/placed-run.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const request = (directory: string, localStore: string | null) => ({
  selection: {},
  launchDirectory: directory,
  nextflow: '/bin/true',
  arguments: ['run', 'x'],
  localStore,
  launcher: identifySelf(),
});

void t.test('plans without the vault key, which only a run needs', async (t) => {
  const { modules } = await openModules(t);
  const user = await userScope(modules.ledger.db, modules.deps.user);
  await modules.vault.set(modules.deps.user, user, 'FOO_KEY', new SecretValue(randomBytes(12)));
  rmSync(modules.vault.keys.file);
  const directory = temporaryDirectory(t);
  t.match(await modules.runs.explain(request(directory, null)), {
    secrets: [{ name: 'FOO_KEY', scope: 'user', version: 1 }],
    store: 'run-directory',
  });
  await t.rejects(modules.runs.create(request(directory, null)), { code: 'vault-key-missing' });
  t.same(await modules.runs.list({ limit: 10 }), [], 'no run is recorded');
});

void t.test('rejects a value that cannot be delivered before it records anything', async (t) => {
  const { modules } = await openModules(t);
  const user = await userScope(modules.ledger.db, modules.deps.user);
  await modules.vault.set(modules.deps.user, user, 'FOO_KEY', new SecretValue(Buffer.from('two\nlines')));
  const directory = temporaryDirectory(t);
  await modules.runs.explain(request(directory, null));
  await t.rejects(modules.runs.create(request(directory, null)), { code: 'value-not-deliverable' });
  t.same(await modules.runs.list({ limit: 10 }), []);
});

void t.test("merges secrets of Nextflow's own store with the lowest precedence", async (t) => {
  const { modules } = await openModules(t);
  const user = await userScope(modules.ledger.db, modules.deps.user);
  await modules.vault.set(modules.deps.user, user, 'FOO_KEY', new SecretValue(Buffer.from('ours')));
  const directory = temporaryDirectory(t);
  const store = join(directory, 'store.json');
  const entries = [
    { name: 'FOO_KEY', value: 'theirs' },
    { name: 'BAR_KEY', value: 'local' },
  ];
  writeFileSync(store, JSON.stringify(entries), { mode: 0o600 });
  t.match(await modules.runs.explain(request(directory, store)), {
    secrets: [
      { name: 'BAR_KEY', scope: 'local', version: null },
      { name: 'FOO_KEY', scope: 'user', overrides: ['local'] },
    ],
  });
});
