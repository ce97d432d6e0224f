import t from 'tap';
import { newestPostgresSchema } from '../../../daemon/ledger/postgres/migrate.ts';
import { newestSqliteSchema } from '../../../daemon/ledger/sqlite/migrate.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { LedgerWatch } from '../../../daemon/server/ledger/ledger-watch.ts';
import { openInPostgres } from '../../support/each-ledger.ts';
import { asAdministrator } from '../../support/postgres-databases.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('reports another cluster, and a missing synchronous standby', async (t) => {
  const { ledger, server } = (await openInPostgres(t)) ?? {};
  if (ledger === undefined || server === undefined) return;
  const store = {
    ledger,
    schemaVersion: newestPostgresSchema,
    postgres: { ...ledger, rateLimits: {} as never },
  };
  const logged: string[] = [];
  const log = { warn: (_details: object, message: string) => logged.push(message) } as never;
  const options = { onNewer: () => undefined, clusterMs: 50 };
  const watch = new LedgerWatch(store, log, options);
  await watch.start();
  t.teardown(() => {
    watch.stop();
  });
  t.same(await watch.warnings(), ['no-synchronous-standby']);
  const { current } = await ledger.compareCluster();
  await ledger.acceptCluster({ ...current, timeline: current.timeline + 1 });
  await until('the warning', async () => (await watch.warnings()).includes('database-cluster-changed'));
  t.equal(logged.filter((message) => message.includes('cluster has changed')).length, 1, 'logged once');
  await ledger.acceptCluster(current);
  await until('no warning', async () => !(await watch.warnings()).includes('database-cluster-changed'));

  const set = (value: string): Promise<unknown> =>
    asAdministrator(server.config, `ALTER SYSTEM SET synchronous_standby_names = '${value}'`).then(() =>
      asAdministrator(server.config, 'SELECT pg_reload_conf()'),
    );
  // Commits wait for the standby, which does not exist: nothing is written until the setting is removed.
  await set('standby');
  await until('no warning', async () => (await watch.warnings()).length === 0);
  await set('');
  await until('the warning', async () => (await watch.warnings()).length === 1);
});

void t.test('refuses everything once a newer nf-escrow has migrated the ledger', async (t) => {
  const ledger = await openLedger(`${temporaryDirectory(t)}/ledger.db`);
  t.teardown(() => ledger.close());
  const logged: string[] = [];
  const log = { warn: (_details: object, message: string) => logged.push(message) } as never;
  let calls = 0;
  const store = { ledger, schemaVersion: newestSqliteSchema, postgres: undefined };
  const watch = new LedgerWatch(store, log, { onNewer: () => (calls += 1), schemaMs: 20 });
  await watch.start();
  t.teardown(() => {
    watch.stop();
  });
  watch.assertUsable();
  t.same(await watch.warnings(), [], 'a commit is on the disk');
  const row = { id: newestSqliteSchema + 1, name: 'a later one', applied_at: '' };
  await ledger.write((db) => db.insertInto('migrations').values(row).execute());
  await until('a refusal', () => calls > 0);
  t.throws(watch.assertUsable, { code: 'not-ready', message: /a newer nf-escrow/, hint: /Upgrade/ });
  t.equal(logged.length, 1);
  t.equal(calls, 1);
});
