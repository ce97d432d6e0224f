import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'libsql';
import t from 'tap';
import type { EscrowError } from '../../../daemon/errors.ts';
import { migrations } from '../../../daemon/ledger/sqlite/migrations.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Creates a ledger with schema version 1, with a workspace, a run and an event. */
function createVersion1(path: string): void {
  writeFileSync(path, '', { mode: 0o600 });
  const database = new Database(path);
  database.exec(
    'CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  for (const statement of migrations[0]?.statements ?? []) database.exec(statement);
  database.exec(`INSERT INTO migrations VALUES (1, 'first schema', '')`);
  database.exec(`INSERT INTO meta VALUES ('ledger', 'the-id')`);
  database.exec(`INSERT INTO scopes VALUES ('s1', 'workspace', 'local', 'main', '2026-01-01')`);
  database.exec(
    `INSERT INTO runs (id, state, workspace, launch_directory, nextflow, arguments, plan, launcher, launch_deadline,
       created_at) VALUES ('r1', 'purged', 'local/main', '/', '/n', '[]', '[]', '{}', '', '2026-01-01')`,
  );
  database.exec(`INSERT INTO journal VALUES (7, 'r1', '2026-01-01', 'run.created', '{}')`);
  database.close();
}

void t.test('migrates an older ledger, and backs it up before', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  createVersion1(path);
  const ledger = await openLedger(path);
  t.equal(ledger.id, 'the-id');
  t.match(await ledger.db.selectFrom('scopes').selectAll().execute(), [{ id: 's1', visibility: 'private' }]);
  t.match(await ledger.db.selectFrom('runs').selectAll().execute(), [
    { id: 'r1', compute_environment: 'local', events: 1 },
  ]);
  t.match(await ledger.db.selectFrom('journal').selectAll().execute(), [
    { seq: 7, run_seq: 1, principal: null },
  ]);
  await ledger.close();
  const copy = `${path}.form-1`;
  t.equal(statSync(copy).mode & 0o777, 0o600);
  const before = new Database(copy);
  t.match(before.prepare('SELECT max(id) AS id FROM migrations').get(), { id: 1 });
  t.match(before.prepare('SELECT count(*) AS n FROM journal').get(), { n: 1 });
  before.close();
  t.same(
    readdirSync(join(path, '..')).filter((name) => name.includes('unfinished')),
    [],
  );
  await (await openLedger(path)).close();
  t.equal(statSync(copy).isFile(), true, 'keeps the backup when the ledger is opened again');
});

void t.test('changes nothing if a migration fails', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  createVersion1(path);
  const database = new Database(path);
  database.exec('CREATE TABLE organizations (in_the_way TEXT)');
  database.close();
  await t.rejects(openLedger(path));
  const after = new Database(path);
  t.match(after.prepare('SELECT max(id) AS id FROM migrations').get(), { id: 1 });
  t.throws(() => after.prepare('SELECT visibility FROM scopes').get(), 'all statements are rolled back');
  after.close();
});

void t.test('rejects a newer ledger unchanged, and explains how to restore the backup', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  await (await openLedger(path)).close();
  const database = new Database(path);
  database.exec(`INSERT INTO migrations VALUES (999, 'a newer schema', '')`);
  database.close();
  const before = readFileSync(path);
  await t.rejects(openLedger(path), {
    code: 'ledger-too-new',
    message: /schema version 999/,
    hint: /newer nf-escrow/,
  });
  const newest = migrations.at(-1)?.id ?? 0;
  writeFileSync(`${path}.form-${String(newest)}`, 'a backup');
  await t.rejects(openLedger(path), { code: 'ledger-too-new', hint: /mv '.*form-\d+'/ });
  t.ok(readFileSync(path).equals(before));
});

void t.test('rejects a damaged ledger before anything is written to it', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'ledger.db');
  const ledger = await openLedger(path);
  for (let index = 0; index < 300; index += 1)
    await ledger.db
      .insertInto('journal')
      .values({ run_id: null, principal: 'ada', at: 'x'.repeat(200), type: 'x', data: '{}' })
      .execute();
  await ledger.close();
  const whole = readFileSync(path);
  const cases: [string, Buffer][] = [
    [
      'not a database',
      Buffer.from('text that is not a database, but longer than the header of one'.repeat(20)),
    ],
    [
      'overwritten page',
      Buffer.concat([whole.subarray(0, 16_384), Buffer.alloc(4096, 7), whole.subarray(20_480)]),
    ],
    ['truncated', whole.subarray(0, whole.length - 8192)],
  ];
  for (const [name, bytes] of cases) {
    writeFileSync(path, bytes);
    await t.rejects(openLedger(path), { code: 'ledger-corrupt' }, name);
    t.ok(readFileSync(path).equals(bytes), `${name}: unchanged`);
  }
});

void t.test('rejects a ledger that others can read, and initializes an empty file', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  writeFileSync(path, '', { mode: 0o600 });
  await (await openLedger(path)).close();
  t.notOk(existsSync(`${path}.form-0`), 'no backup of an empty file');
  chmodSync(path, 0o640);
  const error = await openLedger(path).then(
    () => undefined,
    (thrown: unknown) => thrown as EscrowError,
  );
  t.match(error, { code: 'permissions-too-open', message: /mode 0640/ });
});

void t.test('migrates once when several processes open the ledger at the same time', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.db');
  createVersion1(path);
  const open = `const { openLedger } = await import(process.argv[1]);
    const ledger = await openLedger(process.argv[2]);
    console.log(ledger.id);
    await ledger.close();`;
  const module = join(import.meta.dirname, '../../../daemon/ledger/sqlite/open.js');
  const processes = Array.from({ length: 8 }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      open,
      module,
      path,
    ]);
    return stdout;
  });
  t.same(new Set(await Promise.all(processes)), new Set(['the-id\n']));
  const after = new Database(path);
  t.match(after.prepare('SELECT count(*) AS n FROM migrations').get(), { n: migrations.length });
  t.match(after.prepare('SELECT count(*) AS n FROM journal').get(), { n: 1 });
  after.close();
});
