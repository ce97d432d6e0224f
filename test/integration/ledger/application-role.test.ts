// The ledger with the role of templates/postgres/application-role.sql.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import t from 'tap';
import { record } from '../../../daemon/ledger/journal.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { postgresServer } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf, urlOf } from '../../support/postgres-databases.ts';
import { runRow } from '../../support/run-row.ts';
import { root } from '../../support/sandbox.ts';

/**
 * Hides the catalog that says who owns the journal behind a temporary table, which every role may create: according to it, the
 * application role does.
 */
const SHADOWED = `
  CREATE TEMPORARY TABLE pg_class (oid oid, relowner oid);
  INSERT INTO pg_temp.pg_class SELECT 'nf_escrow.journal'::regclass, oid FROM pg_roles WHERE rolname = current_user;
  SET search_path = pg_temp, pg_catalog;
  DELETE FROM nf_escrow.journal WHERE principal = 'ada'`;

void t.test('cannot change the journal as the application role', async (t) => {
  const server = await postgresServer();
  if (server === undefined) return;
  const { config } = server;
  const database = databaseOf(await server.createDatabase());
  const [owner, application] = ['owner', 'application'].map(
    (name) => `${name}_${randomBytes(4).toString('hex')}`,
  );
  if (owner === undefined || application === undefined) return;
  await asAdministrator(
    config,
    `CREATE ROLE ${owner} LOGIN; CREATE ROLE ${application} LOGIN; GRANT CREATE ON DATABASE ${database} TO ${owner}`,
  );
  const options = { ownerUrl: urlOf(config, database, owner), connections: 3 };
  const url = urlOf(config, database, application);
  await t.rejects(openPostgresLedger(url, options), {
    ...{
      code: 'ledger-denied',
      message: /does not have a required permission/,
      hint: /application-role\.sql/,
    },
  });
  const template = readFileSync(join(root, 'templates/postgres/application-role.sql'), 'utf8');
  const statements = template.replaceAll(':"owner"', owner).replaceAll(':"application"', application);
  for (let time = 0; time < 2; time += 1) await asAdministrator(config, statements, database); // also after an upgrade
  const ledger = await openPostgresLedger(url, options);
  t.teardown(() => ledger.close());
  await ledger.write(async (db) => {
    await db.insertInto('runs').values(runRow('r1')).execute();
    await record(db, { run: 'r1', type: 'run.created', by: 'ada' });
    await record(db, { run: 'r1', type: 'run.examined' });
  });
  t.equal((await ledger.feed.read(0, 10)).length, 2, 'the sequencer works');
  await ledger.claims('a').add('sweep');
  t.equal((await ledger.claims('a').take('shared_work', () => sql`true`, 1)).length, 1);
  t.equal((await ledger.compareCluster()).changed, false);
  const reopened = await openPostgresLedger(url);
  t.equal(reopened.id, ledger.id, 'a migrated ledger opens without the owner');
  await reopened.close();

  const asApplication = (statements: string): Promise<unknown> =>
    asAdministrator({ ...config, user: application }, statements, database);
  const { db } = ledger;
  const denied = { code: 'ledger-denied' };
  await t.rejects(db.updateTable('journal').set({ principal: 'bob' }).execute(), denied);
  await t.rejects(sql`UPDATE journal SET feed_seq = 99`.execute(db), denied, 'a position is set once');
  await t.rejects(db.deleteFrom('journal').where('principal', '=', 'ada').execute(), denied);
  await t.rejects(sql`TRUNCATE journal`.execute(db), denied);
  await t.rejects(sql`ALTER TABLE journal DISABLE TRIGGER ALL`.execute(db), denied);
  await t.rejects(sql`DROP TABLE journal`.execute(db), denied);
  await t.rejects(db.deleteFrom('migrations').execute(), denied);
  await t.rejects(sql`CREATE TABLE nf_escrow.other (x text)`.execute(db), denied);
  await t.rejects(asApplication(SHADOWED), { code: '42501' }, 'with objects that hide those of the system');
  await db.deleteFrom('journal').where('principal', 'is', null).execute();
  t.match(await db.selectFrom('journal').selectAll().execute(), [{ principal: 'ada', type: 'run.created' }]);

  const { rows } = await asAdministrator(
    { ...config, user: owner },
    'DELETE FROM nf_escrow.journal RETURNING seq',
    database,
  );
  t.equal(rows.length, 1, 'the owner can delete old events');
});
