// The order of the journal on PostgreSQL, where transactions commit in another order than they number their rows.
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import type { PoolConfig } from 'pg';
import t, { type Test } from 'tap';
import { readRunEvents, record, type PlacedEvent } from '../../../daemon/ledger/journal.ts';
import type { Queries } from '../../../daemon/ledger/ledger.ts';
import { withFragments } from '../../../daemon/ledger/fragments.ts';
import { postgresFeed, postgresFeedSchema } from '../../../daemon/ledger/postgres/feed.ts';
import { postgresFragments } from '../../../daemon/ledger/postgres/fragments.ts';
import type { PostgresTables } from '../../../daemon/ledger/postgres/tables.ts';
import { openPool } from '../../support/postgres-databases.ts';
import { startPostgres } from '../../support/postgres.ts';
import { until } from '../../support/sandbox.ts';

type Database = Kysely<PostgresTables>;

/** A transaction that the test commits or rolls back. */
interface Open {
  readonly db: Transaction<PostgresTables>;
  commit(): Promise<void>;
  rollBack(): Promise<void>;
}

let server: PoolConfig | undefined;
let count = 0;

/** Creates a database with three runs. */
async function openDatabase(t: Test): Promise<Database> {
  const name = `journal_${String((count += 1))}`;
  const admin = connect(t, 'postgres');
  await sql`CREATE DATABASE ${sql.id(name)}`.execute(admin);
  const db = connect(t, name);
  await sql`CREATE TABLE runs (id text PRIMARY KEY, workspace text NOT NULL DEFAULT 'lab/rna', events integer NOT NULL DEFAULT 0)`.execute(
    db,
  );
  for (const statement of postgresFeedSchema) await sql.raw(statement).execute(db);
  await sql`ALTER TABLE journal ADD COLUMN place text, ADD COLUMN origin text`.execute(db); // later migrations
  await sql`INSERT INTO runs VALUES ('r1'), ('r2'), ('r3')`.execute(db);
  return db;
}

function connect(t: Test, database: string): Database {
  const pool = openPool({ ...server, database, max: 20 });
  const db: Database = new Kysely({
    dialect: withFragments(new PostgresDialect({ pool }), postgresFragments),
  });
  t.teardown(() => db.destroy());
  return db;
}

async function begin(db: Database): Promise<Open> {
  const transaction = await db.startTransaction().execute();
  return {
    db: transaction,
    commit: () => transaction.commit().execute(),
    rollBack: () => transaction.rollback().execute(),
  };
}

/** The journal's functions use only tables that both databases have. */
const append = (db: Database, run: string, index: number): Promise<void> =>
  record(db as unknown as Queries, { type: 'run.examined', run, data: { index } });
const indexOf = ({ event }: PlacedEvent): unknown => (event.data as { index?: number }).index;
const indexes = (events: readonly PlacedEvent[]): unknown[] => events.map(indexOf);
const ofRun = (db: Database, run: string): Promise<PlacedEvent[]> =>
  readRunEvents(db as unknown as Queries, run, 0, 1000);

async function isWaiting(db: Database): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db);
  return rows.length > 0;
}

void t.test('PostgreSQL', async (t) => {
  server = await startPostgres(t);
  if (server === undefined) return;

  await t.test('feeds an event that commits after one with a higher seq', async (t) => {
    const db = await openDatabase(t);
    const feed = postgresFeed(db);
    const [late, early] = [await begin(db), await begin(db)];
    await append(late.db, 'r1', 1);
    await append(early.db, 'r2', 2);
    await early.commit();
    const first = await feed.read(0, 100);
    t.same(indexes(first), [2]);
    await late.commit();
    const second = await feed.read(first.at(-1)?.feedSeq ?? 0, 100);
    t.same(indexes(second), [1]);
    t.ok(Number(second[0]?.event.seq) < Number(first[0]?.event.seq), 'a reader by seq would miss it');
    t.same(indexes(await feed.read(0, 100)), [2, 1], 'the order does not change');
    t.equal(await feed.newest(), 2);
  });

  await t.test('does not wait for open transactions, here or in another database', async (t) => {
    const [db, other] = [await openDatabase(t), await openDatabase(t)];
    const feed = postgresFeed(db);
    const [here, there] = [await begin(db), await begin(other)];
    await append(there.db, 'r1', 0);
    await append(here.db, 'r1', 0);
    let last = 0;
    for (const index of [1, 2, 3]) {
      await append(db, 'r2', index);
      const events = await feed.read(last, 100);
      t.same(indexes(events), [index]);
      last = events.at(-1)?.feedSeq ?? 0;
    }
    await here.rollBack();
    await there.rollBack();
    t.same(await feed.read(last, 100), []);
  });

  await t.test('numbers the events of a run in the order of the commits, without gaps', async (t) => {
    const db = await openDatabase(t);
    const [first, second, third] = [await begin(db), await begin(db), await begin(db)];
    await append(first.db, 'r1', 1);
    const appending = append(second.db, 'r1', 2);
    await until('the second writer waits', () => isWaiting(db));
    await first.rollBack();
    await appending;
    const last = append(third.db, 'r1', 3);
    await until('the third writer waits', () => isWaiting(db));
    t.same(await ofRun(db, 'r1'), []);
    await second.commit();
    await last;
    await third.commit();
    t.same(
      (await ofRun(db, 'r1')).map((placed) => [indexOf(placed), placed.runSeq]),
      [
        [2, 1],
        [3, 2],
      ],
    );
  });

  await t.test('gives each replica every event once, in one order, while many write', async (t) => {
    const db = await openDatabase(t);
    const writers = 8;
    const each = 30;
    const write = async (writer: number): Promise<void> => {
      for (let index = 0; index < each; index += 1) {
        const open = await begin(db);
        await append(open.db, `r${String(1 + ((writer + index) % 3))}`, writer * each + index);
        if ((writer + index) % 7 === 0) await open.rollBack();
        else await open.commit();
      }
    };
    let isWriting = true;
    const follow = async (): Promise<PlacedEvent[]> => {
      const feed = postgresFeed(db);
      const seen: PlacedEvent[] = [];
      for (;;) {
        const isLast = !isWriting;
        const page = await feed.read(seen.at(-1)?.feedSeq ?? 0, 7);
        seen.push(...page);
        if (isLast && page.length === 0) return seen;
      }
    };
    const replicas = [follow(), follow()];
    await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
    isWriting = false;
    const [one = [], two = []] = await Promise.all(replicas);
    const wanted = Array.from({ length: writers * each }, (_, index) => index).filter(
      (index) => (Math.floor(index / each) + (index % each)) % 7 !== 0,
    );
    t.same(
      indexes(one).sort((a, b) => Number(a) - Number(b)),
      wanted,
    );
    t.same(indexes(two), indexes(one));
    t.same(
      one.map(({ feedSeq }) => feedSeq),
      wanted.map((_, index) => index + 1),
    );
    for (const run of ['r1', 'r2', 'r3']) {
      const positions = one.filter(({ event }) => event.run === run).map(({ runSeq }) => runSeq);
      t.same(
        positions,
        positions.map((_, index) => index + 1),
        run,
      );
    }
  });
});
