import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import t, { type Test } from 'tap';
import { machineUser } from '../../../daemon/access/principal.ts';
import { migrations } from '../../../daemon/ledger/sqlite/migrations.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { ExposureRecords } from '../../../daemon/runs/records/exposure-records.ts';
import {
  exposedByTask,
  exposedSecrets,
  exposuresOf,
  listExposures,
} from '../../../daemon/runs/records/exposures.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const MIGRATION = 'files in which secret values were found';

/** Creates a ledger with a run, with the schema before exposures were recorded by file. */
function earlierLedger(t: Test): string {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'ledger.db');
  const database = new Database(path);
  database.exec(
    'CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  const index = migrations.findIndex(({ name }) => name === MIGRATION);
  for (const { id, name, statements } of migrations.slice(0, index)) {
    for (const statement of statements) database.exec(statement);
    database.prepare(`INSERT INTO migrations VALUES (?, ?, '')`).run([id, name]);
  }
  database.exec(`INSERT INTO runs (id, state, workspace, launch_directory, nextflow, arguments, plan, launcher, launch_deadline,
    created_at, run_name) VALUES ('r1', 'purged', 'local/main', '/data', '/n', '[]', '[]', '{}', '', '2026-01-05', 'happy_euler')`);
  const add = database.prepare(
    `INSERT INTO tasks (run_id, task_id, hash, process, exposed) VALUES ('r1', ?, ?, ?, ?)`,
  );
  add.run(['1', 'ab/cdef01', 'P', '["A_KEY","B_KEY"]']);
  add.run(['2', 'ab/cdef02', 'P', '["A_KEY"]']);
  add.run(['3', 'ab/cdef03', 'P', '[]']);
  database.close();
  chmodSync(path, 0o600);
  return path;
}

void t.test('keeps exposures of earlier runs by task', async (t) => {
  const ledger = await openLedger(earlierLedger(t));
  t.teardown(() => ledger.close());
  t.same(await exposuresOf(ledger.db), [
    {
      ...{ run: 'r1', runName: 'happy_euler', secret: 'A_KEY', process: 'P', tasks: 2, fileCount: 2 },
      files: ['ab/cdef01', 'ab/cdef02'],
      findings: [
        { file: 'ab/cdef01', task: '1', encodings: ['plain'] },
        { file: 'ab/cdef02', task: '2', encodings: ['plain'] },
      ],
    },
    {
      ...{ run: 'r1', runName: 'happy_euler', secret: 'B_KEY', process: 'P', tasks: 1, fileCount: 1 },
      files: ['ab/cdef01'],
      findings: [{ file: 'ab/cdef01', task: '1', encodings: ['plain'] }],
    },
  ]);
  t.same(await exposedSecrets(ledger.db, ['r1']), [
    { run: 'r1', secret: 'A_KEY' },
    { run: 'r1', secret: 'B_KEY' },
  ]);
  t.same((await exposedByTask(ledger.db, 'r1', ['1'])).get('1'), ['A_KEY', 'B_KEY']);
});

void t.test('counts all exposures, although it lists 100', async (t) => {
  const path = earlierLedger(t);
  const ledger = await openLedger(path);
  t.teardown(() => ledger.close());
  t.match(await listExposures(ledger.db, machineUser()), { total: 2, runs: 1 });
  await ledger.write(async (db) => {
    const run = await db.selectFrom('runs').selectAll().executeTakeFirstOrThrow();
    for (let index = 0; index < 150; index += 1) {
      const id = `r2${String(index)}`;
      await db
        .insertInto('runs')
        .values({ ...run, id })
        .execute();
      for (const file of ['a', 'b'])
        await db.insertInto('exposures').values({ run_id: id, secret: 'A_KEY', path: file }).execute();
    }
  });
  const { exposures, total, runs } = await listExposures(ledger.db, machineUser());
  t.same([exposures.length, total, runs], [100, 152, 151]);
});

void t.test('records an exposure once, only for secrets of the run, and up to a limit', async (t) => {
  const ledger = await openLedger(earlierLedger(t));
  t.teardown(() => ledger.close());
  const plan = JSON.stringify([{ name: 'A_KEY' }, { name: 'C_KEY' }]);
  const event = { file: 'x/.command.run', task: '9', process: 'Q', secrets: ['C_KEY', 'OTHER_KEY'] };
  for (const records of [new ExposureRecords({ id: 'r1', plan }), new ExposureRecords({ id: 'r1', plan })])
    await ledger.write(async (db) => records.writeExposure(db, event)); // the second one: as the next daemon would
  t.match(
    (await exposuresOf(ledger.db, 'r1')).find(({ process }) => process === 'Q'),
    { secret: 'C_KEY', fileCount: 1 },
  );
  t.notOk((await exposedSecrets(ledger.db, ['r1'])).some(({ secret }) => secret === 'OTHER_KEY'));
  const records = new ExposureRecords({ id: 'r1', plan });
  await ledger.write(async (db) => {
    for (let index = 0; index < 10_100; index += 1)
      await records.writeExposure(db, { file: String(index), task: null, process: null, secrets: ['A_KEY'] });
  });
  const exposures = await exposuresOf(ledger.db, 'r1');
  t.equal(
    exposures.reduce((sum, { fileCount }) => sum + fileCount, 0),
    10_000,
    'the limit includes what earlier daemons recorded',
  );
  const ofRun = exposures.find(({ process }) => process === null);
  t.match(ofRun, { tasks: 0 });
  t.equal(ofRun?.files.length, 1000);
  t.equal((await exposuresOf(ledger.db)).find(({ process }) => process === null)?.files.length, 10);
});
