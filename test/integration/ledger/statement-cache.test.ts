import Database from 'libsql';
import { join } from 'node:path';
import t from 'tap';
import { StatementCache } from '../../../daemon/ledger/sqlite/statement-cache.ts';

function open(path: string): { database: Database.Database; cache: StatementCache; prepared: string[] } {
  const database = new Database(path, { timeout: 0 });
  t.teardown(() => database.close());
  const prepared: string[] = [];
  const cache = new StatementCache((sql) => {
    prepared.push(sql);
    return database.prepare(sql);
  });
  return { database, cache, prepared };
}

void t.test('prepares a statement once and returns the rows of each call', (t) => {
  const { database, cache, prepared } = open(join(t.testdir(), 'ledger.db'));
  database.exec('CREATE TABLE numbers (value INTEGER)');
  for (const value of [1, 2, 3]) cache.get('insert into numbers values (?)').run([value]);
  const query = 'select value from numbers where value >= ? order by value';
  t.same(cache.get(query).all([2]), [{ value: 2 }, { value: 3 }]);
  t.same(cache.get(query).all([3]), [{ value: 3 }]);
  t.same(prepared, ['insert into numbers values (?)', query]);
  t.end();
});

void t.test('returns new columns after the schema has changed', (t) => {
  const { database, cache } = open(join(t.testdir(), 'ledger.db'));
  database.exec(`CREATE TABLE rows (first TEXT); INSERT INTO rows VALUES ('a')`);
  t.same(cache.get('select * from rows').all([]), [{ first: 'a' }]);
  database.exec(`ALTER TABLE rows ADD COLUMN second TEXT DEFAULT 'b'`);
  t.same(cache.get('select * from rows').all([]), [{ first: 'a', second: 'b' }]);
  t.end();
});

void t.test('a read keeps no transaction open', (t) => {
  const path = join(t.testdir(), 'ledger.db');
  const { database, cache } = open(path);
  database.exec(`PRAGMA journal_mode=WAL; CREATE TABLE rows (one TEXT)`);
  for (let index = 0; index < 300; index++) database.exec(`INSERT INTO rows VALUES ('${String(index)}')`);
  t.equal(cache.get('select * from rows').all([]).length, 300);
  const other = new Database(path, { timeout: 0 });
  other.exec(`INSERT INTO rows VALUES ('another')`);
  t.match(other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get(), { busy: 0 });
  other.close();
  t.equal(
    cache.get('select * from rows').all([]).length,
    301,
    'the next read sees the write of another process',
  );
  t.end();
});

void t.test('prepares a statement again after it failed, and what it changed can be committed', (t) => {
  const { database, cache, prepared } = open(join(t.testdir(), 'ledger.db'));
  database.exec('CREATE TABLE rows (one TEXT UNIQUE)');
  const insert = 'insert into rows values (?)';
  cache.get(insert).run(['a']);
  database.exec('BEGIN IMMEDIATE');
  t.throws(() => cache.get(insert).run(['a']), /UNIQUE/);
  cache.get(insert).run(['c']);
  cache.get('commit').run([]);
  t.equal(prepared.filter((sql) => sql === insert).length, 2);
  t.match(database.prepare('select count(*) as count from rows').get(), { count: 2 });
  t.end();
});

void t.test('keeps a bounded number of statements', (t) => {
  const { cache, prepared } = open(join(t.testdir(), 'ledger.db'));
  for (let index = 0; index <= 200; index++) cache.get(`select ${String(index)} as number`).all([]);
  cache.get('select 200 as number').all([]);
  cache.get('select 0 as number').all([]);
  t.equal(prepared.length, 202, 'only the statement that was unused for longest is prepared again');
  t.end();
});
