import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  t.same((await modules.runs.list({ limit: 10 })).items, [], 'no run is recorded');
});

void t.test('says that values were not examined if the vault key is missing', async (t) => {
  const { modules } = await openModules(t);
  const user = await userScope(modules.ledger.db, modules.deps.user);
  await modules.vault.set(modules.deps.user, user, 'FOO_KEY', new SecretValue(randomBytes(12)));
  rmSync(modules.vault.keys.file);
  const directory = temporaryDirectory(t);
  t.match(await modules.runs.explain(request(directory, null)), {
    secrets: [{ name: 'FOO_KEY' }],
    note: /the values were not checked, and some of them may be undeliverable: .+/,
  });
  const secretDelivery = { plugin: '0.1.0', reason: null, configPhase: false, environment: {}, restore: {} };
  const plan = await modules.runs.explain({ ...request(directory, null), secretDelivery });
  t.match(plan, { secrets: [{ name: 'FOO_KEY' }], note: null }, 'the plugin carries any value');
});

void t.test('leaves out a value that the platform cannot carry, and names it', async (t) => {
  const { modules } = await openModules(t);
  const user = await userScope(modules.ledger.db, modules.deps.user);
  const set = (name: string, value: string): Promise<unknown> =>
    modules.vault.set(modules.deps.user, user, name, new SecretValue(Buffer.from(value)));
  await set('BAD_KEY', 'two\nlines');
  await set('FOO_KEY', 'plain');
  const directory = temporaryDirectory(t);
  const undeliverable = [
    {
      name: 'BAD_KEY',
      scope: 'user',
      version: 1,
      reason: "Nextflow's own format cannot carry its value, which contains a newline",
    },
  ] as const;
  const wanted = request(directory, null);
  const explained = await modules.runs.explain(wanted);
  t.match(explained, { undeliverable, store: 'run-directory' });
  const { plan, run, start } = await modules.runs.create(wanted);
  t.same(plan, explained, 'the plan is the explained one');
  t.same(
    run?.secrets.map(({ name }) => name),
    ['FOO_KEY'],
  );
  const store = start?.environment['NXF_SECRETS_FILE'] ?? '';
  t.same(JSON.parse(readFileSync(store, 'utf8')), [{ name: 'FOO_KEY', value: 'plain' }]);

  const only = { ...wanted, selection: { only: [{ name: 'BAD_KEY', scope: null }] } };
  t.match(await modules.runs.explain(only), { secrets: [], undeliverable });
  await t.rejects(modules.runs.create(only), {
    code: 'value-not-deliverable',
    message: /^Cannot deliver the selected secret BAD_KEY: Nextflow's own format .* contains a newline\.$/,
  });
  t.equal((await modules.runs.list({ limit: 10 })).items.length, 1, 'no run is recorded');
});

void t.test("does not fall back to Nextflow's own store if no value can be carried", async (t) => {
  const { modules } = await openModules(t);
  const user = await userScope(modules.ledger.db, modules.deps.user);
  await modules.vault.set(modules.deps.user, user, 'BAD_KEY', new SecretValue(Buffer.from('two\nlines')));
  const directory = temporaryDirectory(t);
  const own = join(directory, 'store.json');
  writeFileSync(own, JSON.stringify([{ name: 'BAD_KEY', value: 'another value' }]), { mode: 0o600 });
  const { plan, start } = await modules.runs.create(request(directory, own));
  t.match(plan, { secrets: [], undeliverable: [{ name: 'BAD_KEY', scope: 'user' }] });
  t.match(start?.environment, { NXF_SECRETS_FILE: join(start?.directory ?? '', 'store.json') });
});

void t.test('keeps no value of a run that cannot be recorded', async (t) => {
  const { modules } = await openModules(t);
  const user = await userScope(modules.ledger.db, modules.deps.user);
  const value = randomBytes(16).toString('hex');
  await modules.vault.set(modules.deps.user, user, 'FOO_KEY', new SecretValue(Buffer.from(value)));
  const refused = (): Promise<never> => Promise.reject(new Error('the disk is full'));
  await t.rejects(modules.runs.create(request(temporaryDirectory(t), null), refused), /the disk is full/);
  t.equal(modules.deps.redactors.redact(value), value, 'nothing masks it any longer');
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
