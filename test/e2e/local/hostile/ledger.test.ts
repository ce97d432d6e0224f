import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t from 'tap';
import { accepts, newestRun, purged, refuses, soon } from '../../../support/hostile.ts';
import { Sandbox, until } from '../../../support/sandbox.ts';

const VALUE = 'the-value-of-a-broken-ledger';

void t.test('reports a damaged ledger with a remedy, and does not change it', async (t) => {
  const box = new Sandbox(t);
  const path = join(box.state, 'ledger.db');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const daemon = await box.daemonPid();
  await accepts(t, box, ['daemon', 'stop']);
  await until('the daemon has exited', () => !existsSync(`/proc/${String(daemon)}`));
  const database = new Database(path);
  database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  database.close();
  for (const name of ['-wal', '-shm']) rmSync(path + name, { force: true });
  const whole = readFileSync(path);
  const damaged: [string, Buffer][] = [
    ['overwritten page', Buffer.from(whole).fill(7, 8192, 12_288)],
    ['truncated', whole.subarray(0, whole.length - 8192)],
    ['not a database', Buffer.from('this is no database'.repeat(500))],
  ];
  for (const [name, bytes] of damaged) {
    writeFileSync(path, bytes);
    for (const command of [
      ['secrets', 'list'],
      ['run', 'touch ran'],
    ])
      await refuses(t, box, command, [78, /ledger\.db": it is damaged: [^]*\.recover/]);
    t.match((await accepts(t, box, ['daemon', 'status'])).stdout, /The daemon is not running/, name);
    t.match((await soon(t, box, ['doctor'])).stdout, /vault key/, 'doctor still works');
    t.ok(readFileSync(path).equals(bytes), `${name}: unchanged`);
  }
  writeFileSync(path, whole);
  t.match((await accepts(t, box, ['secrets', 'list'])).stdout, /FOO_KEY/, 'a restored backup works');
  t.notOk(existsSync(join(box.launch, 'ran')));
});

void t.test('reports a locked ledger, and uses it again when it is unlocked', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const other = new Database(join(box.state, 'ledger.db'));
  other.exec('BEGIN IMMEDIATE');
  const set = ['secrets', 'set', 'BAR_KEY'];
  await refuses(t, box, set, [69, /ledger\.db": another process has locked it[^]*Try again/], { input: 'x' });
  other.exec('ROLLBACK');
  other.close();
  await accepts(t, box, set, { input: 'x' });
});

void t.test('without the key, encrypts and decrypts nothing but still purges runs', async (t) => {
  const box = new Sandbox(t);
  const key = join(box.state, 'vault.key');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const run = box.start(['run', 'touch here; while [ ! -e go ]; do sleep 0.05; done']);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  renameSync(key, `${key}.aside`);
  const set = ['secrets', 'set', 'BAR_KEY'];
  for (const command of [set, ['run', 'x']])
    await refuses(t, box, command, [78, /vault\.key" does not exist[^]*Restore the key file/], {
      input: 'x',
    });
  writeFileSync(key, `nf-escrow-key-1 ${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  for (const command of [set, ['run', 'x']])
    await refuses(t, box, command, [78, /encrypted with key [^]*Restore the key file/], { input: 'x' });
  writeFileSync(key, 'no key\n', { mode: 0o600 });
  await refuses(t, box, ['run', 'x'], [78, /contains a line that is not a key/]);
  rmSync(key);
  t.match((await accepts(t, box, ['daemon', 'status'])).stdout, /runs as process/);
  t.match(
    (await soon(t, box, ['doctor'])).stdout,
    /^failure +vault +The vault key file .*vault\.key" does not exist\.$/m,
  );
  // A daemon that starts without the key also adopts and purges runs.
  process.kill((await box.daemonPid()) ?? 0, 'SIGKILL');
  writeFileSync(join(box.launch, 'go'), '');
  t.match(await run.ended, { status: 0 });
  await purged(t, box, VALUE);
  renameSync(`${key}.aside`, key);
  await accepts(t, box, ['run', 'true']);
  t.match(await newestRun(box), { outcome: 'succeeded' });
});
