// The clock and the identity of a database cluster, and the events of other processes.
import { sql } from 'kysely';
import t from 'tap';
import { DatabaseClock } from '../../../daemon/ledger/postgres/database-clock.ts';
import { openPostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import type { PostgresTables } from '../../../daemon/ledger/postgres/tables.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import type { Kysely } from 'kysely';
import { openInPostgres, postgresServer } from '../../support/each-ledger.ts';
import { until } from '../../support/sandbox.ts';

void t.test('PostgreSQL', async (t) => {
  if ((await postgresServer()) === undefined) return;

  await t.test('shows the time of the database, which never goes back', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    let monotonic = 5000;
    const clock = new DatabaseClock(ledger.db as unknown as Kysely<PostgresTables>, () => monotonic);
    await clock.compare();
    const first = clock.now();
    const { rows } = await sql<{ ms: number }>`
      SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`.execute(ledger.db);
    t.ok(Math.abs(first - (rows[0]?.ms ?? 0)) < 60_000, 'although this monotonic clock began elsewhere');
    monotonic += 40;
    t.equal(clock.now(), first + 40, 'runs with the monotonic clock');
    monotonic += 1_000_000;
    const ahead = clock.now();
    await clock.compare(); // the database is a thousand seconds behind this clock
    t.equal(clock.now(), ahead, 'waits instead of going back');
    monotonic += 30;
    t.equal(clock.now(), ahead);
  });

  await t.test('ignores a comparison whose response was slow', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    let monotonic = 0;
    const clock = new DatabaseClock(
      ledger.db as unknown as Kysely<PostgresTables>,
      () => (monotonic += 10_000),
    );
    await clock.compare();
    t.ok(clock.now() < 1_000_000, 'no offset was taken');
  });

  await t.test('notices another cluster and another timeline until they are accepted', async (t) => {
    const { ledger } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined) return;
    const { current, ...first } = await ledger.compareCluster();
    t.same(first, { stored: undefined, changed: false });
    t.match(current, { systemIdentifier: /^\d{15,}$/, timeline: 1 });
    t.equal((await ledger.compareCluster()).changed, false);
    for (const other of [
      { ...current, timeline: 7 },
      { ...current, systemIdentifier: '1' },
    ]) {
      await ledger.acceptCluster(other);
      t.match(await ledger.compareCluster(), { changed: true, stored: other, current });
      t.match(await ledger.compareCluster(), { changed: true }, 'until it is accepted');
      await ledger.acceptCluster(current);
      t.equal((await ledger.compareCluster()).changed, false);
    }
  });

  await t.test('emits changes for the events of other processes, and gives each an epoch', async (t) => {
    const { ledger, url } = (await openInPostgres(t)) ?? {};
    if (ledger === undefined || url === undefined) return;
    const other = await openPostgresLedger(url);
    t.teardown(() => other.close());
    const epochs = await Promise.all([ledger.claim(() => undefined), other.claim(() => undefined)]);
    t.same([...epochs].sort(), [1, 2]);
    const seen: number[] = [];
    let position = 0;
    ledger.changes.on('change', () => {
      void ledger.feed.read(position, 10).then((events) => {
        for (const { feedSeq } of events) if (feedSeq > position) seen.push((position = feedSeq));
      });
    });
    await other.write((db) => record(db, { type: 'vault.exported', by: 'ada' }));
    await until('the event of the other process', () => seen.length === 1);
    await ledger.write((db) => record(db, { type: 'vault.exported', by: 'ada' }));
    await until('the own event', () => seen.length === 2);
  });
});
