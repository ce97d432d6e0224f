import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t from 'tap';
import { readRing } from '../../../daemon/vault/keys/key-ring.ts';
import { accepts, newestRun, purged } from '../../support/hostile.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { findSealed, readSealed } from '../../support/sealed-search.ts';

const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done; grep -o "value.*" "$NXF_SECRETS_FILE"';

/** Returns names and versions of the encrypted values in the ledger. */
function sealed(box: Sandbox): string[] {
  const ledger = new Database(join(box.state, 'ledger.db'), { readonly: true });
  const rows = ledger.prepare('SELECT name, version FROM secret_versions ORDER BY name, version').all() as {
    name: string;
    version: number;
  }[];
  ledger.close();
  return rows.map(({ name, version }) => `${name} ${String(version)}`);
}

void t.test('keeps the versions that a run has pinned until it is purged, then erases them', async (t) => {
  const box = new Sandbox(t);
  const [first, second] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const set = async (name: string, input: string): Promise<void> => {
    await accepts(t, box, ['secrets', 'set', name], { input });
  };
  await set('FOO_KEY', first);
  await set('GONE_KEY', first);
  const run = box.start(['run', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  await set('FOO_KEY', second);
  await set('FOO_KEY', second);
  await accepts(t, box, ['secrets', 'remove', 'GONE_KEY', '--yes']);
  const pinned = readSealed(join(box.state, 'ledger.db')).filter(({ context }) => context.version === 1);
  t.same(sealed(box), ['FOO_KEY 1', 'FOO_KEY 3', 'GONE_KEY 1'], 'pinned and newest versions');
  t.match(await newestRun(box), {
    secrets: [
      { name: 'FOO_KEY', version: 1 },
      { name: 'GONE_KEY', version: 1 },
    ],
  });
  writeFileSync(join(box.launch, 'go'), '');
  t.match((await run.ended).stdout, new RegExp(first));
  await purged(t, box, first);
  t.same(sealed(box), ['FOO_KEY 3'], 'after the purge');
  t.equal(pinned.length, 2);
  const [entry] = readRing(join(box.state, 'vault.key')) ?? [];
  if (entry?.source !== 'file') throw new Error('the key file contains no key');
  t.same(findSealed(box.state, pinned, entry.key), [], 'in the raw bytes of all files');
});
