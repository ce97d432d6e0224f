// Transactions on PostgreSQL: conflicts, failures in the middle, and a connection that is lost.
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { sql } from 'kysely';
import t from 'tap';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import type { Queries } from '../../../daemon/ledger/ledger.ts';
import { openInPostgres, postgresServer } from '../../support/each-ledger.ts';
import { asAdministrator, databaseOf } from '../../support/postgres-databases.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { runRow } from '../../support/run-row.ts';

/** Forwards connections to a server's socket. Drops what the server sends once it has received a given statement. */
async function dropAfter(
  t: Tap,
  target: string,
  statement: string,
): Promise<{ directory: string; arm(): void }> {
  const directory = temporaryDirectory(t);
  let isArmed = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(join(target, '.s.PGSQL.5432'));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    let isDropping = false;
    client.on('data', (chunk) => {
      if (isArmed && chunk.includes(statement)) isDropping = true;
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (isDropping) client.destroy();
      else client.write(chunk);
    });
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
  }).listen(join(directory, '.s.PGSQL.5432'));
  await once(proxy, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { directory, arm: () => (isArmed = true) };
}

type Tap = Parameters<typeof temporaryDirectory>[0];

void t.test('PostgreSQL', async (t) => {
  const server = await postgresServer();
  if (server === undefined) return;

  await t.test('plans a statement again after a migration has changed its table', async (t) => {
    const { ledger, url } = (await openInPostgres(t, { connections: 1 })) ?? {};
    if (ledger === undefined || url === undefined) return;
    const read = (db: Queries) => db.selectFrom('meta').selectAll().execute();
    const change = async (column: string): Promise<void> => {
      await asAdministrator(
        server.config,
        `ALTER TABLE nf_escrow.meta ADD COLUMN ${column} text`,
        databaseOf(url),
      );
    };
    const before = await read(ledger.db);
    await change('one');
    t.equal((await read(ledger.db)).length, before.length);
    await ledger.write(read);
    await change('two');
    t.equal((await ledger.write(read)).length, before.length, 'in a transaction');
    t.ok('two' in ((await read(ledger.db))[0] ?? {}));
  });

  await t.test('repeats writes that are in conflict until all have taken effect', async (t) => {
    const { ledger, url } = (await openInPostgres(t, { connections: 8 })) ?? {};
    if (ledger === undefined || url === undefined) return;
    const other = await openPostgresLedger(url, { connections: 8 });
    t.teardown(() => other.close());
    await ledger.write((db) => db.insertInto('runs').values(runRow('r1')).execute());
    let attempts = 0;
    const count = 40;
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        (index % 2 === 0 ? ledger : other).write(async (db) => {
          attempts += 1;
          await record(db, { run: 'r1', type: 'run.examined', data: {} });
        }),
      ),
    );
    const events = await ledger.db.selectFrom('journal').select('run_seq').orderBy('run_seq').execute();
    t.same(
      events.map(({ run_seq }) => run_seq),
      Array.from({ length: count }, (_, index) => index + 1),
    );
    t.ok(attempts > count, 'some writes were repeated');
  });

  await t.test('lets no two writes act on what the other changes', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    await ledger.write((db) =>
      db
        .insertInto('meta')
        .values([
          { key: 'on-call-a', value: '1' },
          { key: 'on-call-b', value: '1' },
        ])
        .execute(),
    );
    let reading = 0;
    // Each leaves only if the other stays. With snapshots alone both would leave.
    const leave = (key: string): Promise<void> =>
      ledger.write(async (db) => {
        const present = await db
          .selectFrom('meta')
          .select('key')
          .where('key', 'like', 'on-call-%')
          .where('value', '=', '1')
          .execute();
        reading += 1;
        await until('both have read', () => reading >= 2);
        if (present.length === 2)
          await db.updateTable('meta').set({ value: '0' }).where('key', '=', key).execute();
      });
    await Promise.all([leave('on-call-a'), leave('on-call-b')]);
    const present = await ledger.db
      .selectFrom('meta')
      .select('key')
      .where('key', 'like', 'on-call-%')
      .where('value', '=', '1')
      .execute();
    t.equal(present.length, 1);
  });

  await t.test('repeats a write after a deadlock', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    await ledger.write((db) =>
      db
        .insertInto('meta')
        .values([
          { key: 'd1', value: '' },
          { key: 'd2', value: '' },
        ])
        .execute(),
    );
    let holding = 0;
    const both = (first: string, second: string): Promise<void> =>
      ledger.write(async (db) => {
        await db.updateTable('meta').set({ value: first }).where('key', '=', first).execute();
        holding += 1;
        await until('both hold a row', () => holding >= 2);
        await db.updateTable('meta').set({ value: first }).where('key', '=', second).execute();
      });
    await Promise.all([both('d1', 'd2'), both('d2', 'd1')]);
    const rows = await ledger.db
      .selectFrom('meta')
      .select('value')
      .where('key', 'in', ['d1', 'd2'])
      .execute();
    t.equal(new Set(rows.map(({ value }) => value)).size, 1, 'one write after the other');
  });

  await t.test('rejects a write whose work ignores the error of a statement', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    const write = ledger.write(async (db) => {
      await db.insertInto('meta').values({ key: 'k1', value: '' }).execute();
      await db
        .insertInto('meta')
        .values({ key: 'k1', value: '' })
        .execute()
        .catch(() => undefined);
    });
    await t.rejects(write, /duplicate key/);
    t.same(await ledger.db.selectFrom('meta').select('key').where('key', '=', 'k1').execute(), []);
  });

  await t.test('reports a commit without a response, and works again afterwards', async (t) => {
    const { ledger, url } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined || url === undefined) return;
    const proxy = await dropAfter(t, String(server.config.host), 'commit\0');
    const away = await openPostgresLedger(url.replace(String(server.config.host), proxy.directory), {
      connections: 2,
    });
    t.teardown(() => away.close());
    proxy.arm();
    const write = away.write((db) => db.insertInto('meta').values({ key: 'sent', value: '' }).execute());
    await t.rejects(write, {
      code: 'ledger-unavailable',
      message: /Cannot confirm a commit .* may have been made/,
    });
    await until('the server has committed', async () => {
      const found = await ledger.db.selectFrom('meta').select('key').where('key', '=', 'sent').execute();
      return found.length === 1;
    });
    t.equal((await away.db.selectFrom('meta').select('key').where('key', '=', 'sent').execute()).length, 1);
  });

  await t.test('rejects a write whose connection ends, changes nothing, and connects again', async (t) => {
    const { ledger, url } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined || url === undefined) return;
    const other = await openPostgresLedger(url, { connections: 1 });
    t.teardown(() => other.close());
    const write = other.write(async (db) => {
      await db.insertInto('meta').values({ key: 'lost', value: '' }).execute();
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
      await sql`SELECT pg_terminate_backend(${rows[0]?.pid})`.execute(ledger.db);
      await db.insertInto('meta').values({ key: 'lost-2', value: '' }).execute();
    });
    await t.rejects(write, { code: 'ledger-unavailable', message: /connection was lost/ });
    t.same(await other.db.selectFrom('meta').select('key').where('key', 'like', 'lost%').execute(), []);
  });

  await t.test(
    'ends a transaction that is idle for too long, so that its locks do not block others',
    async (t) => {
      const { ledger, url } = (await openInPostgres(t)) ?? {};
      if (ledger === undefined || url === undefined) return;
      const paused = await openPostgresLedger(url, { connections: 1, idleInTransactionMs: 100 });
      t.teardown(() => paused.close());
      const write = paused.write(async (db) => {
        await db.insertInto('meta').values({ key: 'idle', value: '' }).execute();
        await ledger.write((writer) =>
          writer.insertInto('meta').values({ key: 'idle', value: 'x' }).execute(),
        );
        await db.insertInto('meta').values({ key: 'idle-2', value: '' }).execute();
      });
      await t.rejects(write, { code: 'ledger-unavailable' });
      t.match(await ledger.db.selectFrom('meta').selectAll().where('key', 'like', 'idle%').execute(), [
        { value: 'x' },
      ]);
    },
  );

  await t.test('commits durably although the server is set to asynchronous commits', async (t) => {
    const { ledger, url } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined || url === undefined) return;
    const show = async (db: typeof ledger.db): Promise<unknown> => {
      const { rows } = await sql<{
        setting: string;
      }>`SELECT current_setting('synchronous_commit') AS setting`.execute(db);
      return rows[0]?.setting;
    };
    for (const [setting, wanted] of [
      ['off', 'on'],
      ['local', 'on'],
      ['remote_apply', 'remote_apply'],
    ]) {
      await sql`ALTER DATABASE ${sql.id(databaseOf(url))} SET synchronous_commit = ${sql.lit(setting)}`.execute(
        ledger.db,
      );
      const other = await openPostgresLedger(url, { connections: 1 });
      t.equal(await show(other.db), wanted);
      await other.close();
    }
  });

  await t.test('stores texts with characters that PostgreSQL cannot have', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    await ledger.write((db) => db.insertInto('meta').values({ key: 'nul', value: 'a\0b\ud800c' }).execute());
    t.match(await ledger.db.selectFrom('meta').select('value').where('key', '=', 'nul').execute(), [
      { value: 'a\uFFFDb\uFFFDc' },
    ]);
  });
});
