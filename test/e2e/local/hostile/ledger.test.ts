import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t from 'tap';
import { accepts, newestRun, purged, refuses, soon } from '../../../support/hostile.ts';
import { Sandbox, until } from '../../../support/sandbox.ts';

const VALUE = 'the-value-of-a-broken-ledger';

void t.test('a damaged ledger is told with what to do, and is not touched', async (t) => {
  const box = new Sandbox(t);
  const path = join(box.state, 'ledger.db');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const daemon = await box.daemonPid();
  await accepts(t, box, ['daemon', 'stop']);
  await until('the daemon has let go of it', () => !existsSync(`/proc/${String(daemon)}`));
  const database = new Database(path);
  database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  database.close();
  for (const name of ['-wal', '-shm']) rmSync(path + name, { force: true });
  const whole = readFileSync(path);
  const spoilt: [string, Buffer][] = [
    ['a page is overwritten', Buffer.from(whole).fill(7, 8192, 12_288)],
    ['cut off', whole.subarray(0, whole.length - 8192)],
    ['no database', Buffer.from('this is no database'.repeat(500))],
  ];
  for (const [name, bytes] of spoilt) {
    writeFileSync(path, bytes);
    for (const command of [
      ['secrets', 'list'],
      ['run', 'touch ran'],
    ])
      await refuses(t, box, command, [78, /ledger\.db": it is damaged: [^]*\.recover/]);
    t.match((await accepts(t, box, ['daemon', 'status'])).stdout, /No daemon runs/, name);
    t.match((await soon(t, box, ['doctor'])).stdout, /vault key/, 'doctor has something to say');
    t.ok(readFileSync(path).equals(bytes), `${name}: untouched`);
  }
  writeFileSync(path, whole);
  t.match((await accepts(t, box, ['secrets', 'list'])).stdout, /FOO_KEY/, 'a backup that is put back works');
  t.notOk(existsSync(join(box.launch, 'ran')));
});

void t.test('a ledger that someone else holds is told, and used again when it is free', async (t) => {
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

void t.test(
  'without its key nothing is sealed or opened, and what was placed is taken back all the same',
  async (t) => {
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
    t.match((await soon(t, box, ['doctor'])).stdout, /vault\.key is not there, though a ledger is/);
    // A daemon that starts without the key adopts and purges too.
    process.kill((await box.daemonPid()) ?? 0, 'SIGKILL');
    writeFileSync(join(box.launch, 'go'), '');
    t.match(await run.ended, { status: 0 });
    await purged(t, box, VALUE);
    renameSync(`${key}.aside`, key);
    await accepts(t, box, ['run', 'true']);
    t.match(await newestRun(box), { outcome: 'succeeded' });
  },
);
