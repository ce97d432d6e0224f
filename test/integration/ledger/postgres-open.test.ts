// Opening a ledger on PostgreSQL: migrations, roles, and failures of the server.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { sql } from 'kysely';
import t from 'tap';
import { EscrowError } from '../../../daemon/errors.ts';
import { postgresMigrations } from '../../../daemon/ledger/postgres/migrations.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { openInPostgres, postgresServer } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf, urlOf } from '../../support/postgres-databases.ts';

const failureOf = (opening: Promise<unknown>): Promise<unknown> =>
  opening.then(
    () => undefined,
    (error: unknown) => error,
  );

void t.test('PostgreSQL', async (t) => {
  const server = await postgresServer();
  if (server === undefined) return;
  const { config } = server;

  await t.test('migrates once when twenty processes open the ledger at the same time', async (t) => {
    const url = await server.createDatabase();
    const program = `const { openPostgresLedger } = await import(process.argv[1]);
      const ledger = await openPostgresLedger(process.argv[2], { connections: 1 });
      console.log(ledger.id);
      await ledger.close();`;
    const module = join(import.meta.dirname, '../../../daemon/ledger/postgres/open.js');
    const args = ['--input-type=module', '-e', program, module, url];
    const openings = Array.from({ length: 20 }, () => promisify(execFile)(process.execPath, args));
    const ids = new Set((await Promise.all(openings)).map(({ stdout }) => stdout.trim()));
    t.equal(ids.size, 1);
    const ledger = await openPostgresLedger(url);
    t.teardown(() => ledger.close());
    t.same([...ids], [ledger.id]);
    t.equal(
      (await ledger.db.selectFrom('migrations').selectAll().execute()).length,
      postgresMigrations.length,
    );
    t.equal((await ledger.db.selectFrom('scopes').selectAll().execute()).length, 1);
  });

  await t.test('rejects a newer ledger unchanged', async (t) => {
    const url = await server.createDatabase();
    const ledger = await openPostgresLedger(url);
    await sql`INSERT INTO migrations VALUES (999, 'a newer schema', '')`.execute(ledger.db);
    await ledger.close();
    await t.rejects(openPostgresLedger(url), {
      ...{ code: 'ledger-too-new', message: /schema version 999/, hint: /newer nf-escrow/ },
    });
  });

  await t.test('changes nothing if a migration fails', async (t) => {
    const url = await server.createDatabase();
    const database = databaseOf(url);
    await asAdministrator(
      config,
      'CREATE SCHEMA nf_escrow; CREATE TABLE nf_escrow.webhook_positions (x text)',
      database,
    );
    await t.rejects(openPostgresLedger(url));
    const { rows } = await asAdministrator(
      config,
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'nf_escrow'`,
      database,
    );
    t.same(rows, [{ table_name: 'webhook_positions' }]);
  });

  await t.test('assigns random numbers as ids, and counts runs', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    const { rows } = await sql<{
      id: number;
    }>`SELECT random_id() AS id FROM generate_series(1, 2000)`.execute(ledger.db);
    const ids = rows.map(({ id }) => id);
    t.equal(new Set(ids).size, 2000);
    t.ok(ids.every((id) => Number.isSafeInteger(id) && id > 0));
    t.ok(ids.some((id) => id > 2 ** 52) && ids.some((id) => id < 2 ** 52), 'all 53 bits are random');
  });

  await t.test('reports each failure with a remedy, and without the password', async (t) => {
    const password = randomBytes(9).toString('hex');
    const database = databaseOf(await server.createDatabase());
    const [stranger, limited] = ['stranger', 'limited'].map(
      (name) => `${name}_${randomBytes(4).toString('hex')}`,
    );
    await asAdministrator(
      config,
      `CREATE ROLE ${String(stranger)} LOGIN PASSWORD '${password}'; CREATE ROLE ${String(limited)} LOGIN CONNECTION LIMIT 0`,
    );
    const at = (role: string, name = database, host = config.host): string =>
      urlOf({ ...config, host: String(host) }, name, role).replace(role, `${role}:${password}`);
    const cases: [string, string, RegExp][] = [
      [at('escrow', database, '/nonexistent'), 'ledger-unavailable', /no socket/],
      [at('escrow', 'no_such_database'), 'ledger-denied', /does not exist/],
      [at('no_such_role'), 'ledger-denied', /rejected the user/],
      [at(String(stranger)), 'ledger-denied', /does not have a required permission/],
      [at(String(limited)), 'ledger-unavailable', /too many connections/],
      [`postgres://escrow:${password}@127.0.0.1:1/x`, 'ledger-unavailable', /no server accepts/],
      [`postgres://escrow:${password}@nonexistent.invalid/x`, 'ledger-unavailable', /host name/],
    ];
    for (const [url, code, message] of cases) {
      const error = await failureOf(openPostgresLedger(url));
      t.ok(error instanceof EscrowError, String(message));
      t.match(error, { code, message, hint: /^[A-Z]/ });
      t.notOk(
        inspect(error, { showHidden: true, depth: 9 }).includes(password),
        'the password is not in the error',
      );
    }
  });

  await t.test('rejects a read-only server and another encoding', async (t) => {
    const { ledger, url } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined || url === undefined) return;
    const database = databaseOf(url);
    await asAdministrator(config, `ALTER DATABASE ${database} SET default_transaction_read_only = on`);
    const other = await openPostgresLedger(url);
    t.teardown(() => other.close());
    const write = other.write((db) => db.insertInto('meta').values({ key: 'k', value: 'v' }).execute());
    await t.rejects(write, { code: 'ledger-unavailable', message: /read-only/, hint: /primary/ });
    const latin = `latin_${randomBytes(4).toString('hex')}`;
    await asAdministrator(config, `CREATE DATABASE ${latin} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`);
    await t.rejects(openPostgresLedger(urlOf(config, latin)), { code: 'config-invalid', message: /LATIN1/ });
  });
});
