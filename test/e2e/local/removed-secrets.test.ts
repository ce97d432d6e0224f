import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t, { type Test } from 'tap';
import type { VaultStatus } from '../../../daemon/contract/types.ts';
import { readRing } from '../../../daemon/vault/keys/key-ring.ts';
import type { VaultKey } from '../../../daemon/vault/encryption.ts';
import { accepts } from '../../support/hostile.ts';
import { networkDisk } from '../../support/mounts.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { findSealed, readSealed } from '../../support/sealed-search.ts';

/** The figure in docs/vault.md uses 1000. */
const COUNT = Number(process.env['NF_ESCROW_TEST_REMOVED'] ?? 60);
const KEPT = 10;
const SECRETS = '/v1/workspaces/local/main/secrets';

function keyOf(box: Sandbox): VaultKey {
  const [entry] = readRing(join(box.state, 'vault.key')) ?? [];
  if (entry?.source !== 'file') throw new Error('the key file contains no key');
  return entry.key;
}

/** Removes many secrets while the daemon runs, and searches all its files for them with the key. */
async function removeAndSearch(t: Test, box: Sandbox): Promise<void> {
  const names = Array.from({ length: COUNT + KEPT }, (_, index) => `KEY_${String(index)}`);
  const secrets = names.map((name, index) => ({
    name,
    valueBase64: Buffer.from(
      randomBytes(index % 20 === 0 ? 9000 : 8 + (index % 90)).map((byte) => byte || 1),
    ).toString('base64'),
  }));
  await accepts(t, box, ['daemon', 'start']);
  const daemon = await box.daemonPid();
  const imported = await box.http('POST', `${SECRETS}/import`, { secrets, onConflict: 'refuse' });
  t.equal(imported.status, 200, imported.text);
  const ledger = join(box.state, 'ledger.db');
  const before = readSealed(ledger);
  const [kept, removed] = [names.slice(0, KEPT), names.slice(KEPT)];
  const begun = performance.now();
  const half = Math.floor(removed.length / 2);
  for (const name of removed.slice(0, half))
    t.equal((await box.http('DELETE', `${SECRETS}/${name}`)).status, 204, name);
  t.comment(`${String(half)} removed one by one: ${((performance.now() - begun) / half).toFixed(2)} ms each`);
  await accepts(t, box, ['secrets', 'remove', ...removed.slice(half), '--yes']);
  const replaced = kept[0] ?? '';
  await accepts(t, box, ['secrets', 'set', replaced], { input: randomBytes(20).toString('hex') });
  const [erased, others] = [[...removed, replaced], kept.slice(1)].map((wanted) =>
    before.filter(({ context }) => wanted.includes(context.name)),
  );
  const key = keyOf(box);
  const found = findSealed(box.state, erased ?? [], key);
  t.equal(await box.daemonPid(), daemon, 'the daemon was not restarted');
  t.equal(erased?.length, COUNT + 1);
  t.same(found, [], 'no file contains a removed or replaced value');
  const control = findSealed(box.state, others ?? [], key).filter((line) => line.includes(' opens '));
  t.ok(control.length >= KEPT / 2, 'the search finds values that were not removed');
  t.equal((await box.json<{ secrets: unknown[] }>(['secrets', 'list'])).secrets.length, KEPT);
}

void t.test('erases removed secrets from every file while the daemon lives', async (t) => {
  const box = new Sandbox(t);
  await removeAndSearch(t, box);
  t.ok(existsSync(join(box.state, 'ledger.db-wal')), 'the ledger has a write-ahead log');
});

void t.test(
  'erases removed secrets on a network file system, where the ledger has a rollback journal',
  async (t) => {
    const box = new Sandbox(t);
    if (networkDisk(t, box.state) === undefined) return;
    await removeAndSearch(t, box);
    t.notOk(existsSync(join(box.state, 'ledger.db-wal')));
    const journal = join(box.state, 'ledger.db-journal');
    t.equal(statSync(journal, { throwIfNoEntry: false })?.size ?? 0, 0, 'the journal is empty');
  },
);

void t.test('shows that an erasure is pending while another process reads, and retries it', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: randomBytes(20).toString('hex') });
  const ledger = join(box.state, 'ledger.db');
  const removed = readSealed(ledger);
  const reader = new Database(ledger);
  t.teardown(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM secret_versions').all();
  await accepts(t, box, ['secrets', 'remove', 'FOO_KEY', '--yes']);
  const { stdout } = await accepts(t, box, ['vault', 'status']);
  t.match(stdout, /^erasure +removed values may still be on the disk: another process is reading/m);
  t.match(readFileSync(join(box.state, 'daemon.log'), 'utf8'), /may still be in a file of the ledger/);
  t.not(findSealed(box.state, removed, keyOf(box)).length, 0, 'a file still contains the value');
  reader.exec('COMMIT');
  await until('the value is erased', async () => {
    const status = JSON.parse((await box.http('GET', '/v1/vault')).text) as VaultStatus;
    return status.pendingErasure === null;
  });
  t.same(findSealed(box.state, removed, keyOf(box)), []);
});
