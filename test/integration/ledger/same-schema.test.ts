// The schemas of both databases: a migration of one needs a counterpart in the other.
import { join } from 'node:path';
import { sql } from 'kysely';
import t from 'tap';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { openInPostgres } from '../../support/each-ledger.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Tables that implement a feature of one database. */
const OWN = /^(sqlite_|runs_text|sealed_values$|journal_feed$|shared_work$|rate_limits$)/;
/** Columns that only processes which share a ledger need. */
const SHARED = [
  'journal.feed_seq',
  ...['leases', 'deliveries'].flatMap((table) =>
    ['claimed_by', 'claimed_until', 'fence'].map((column) => `${table}.${column}`),
  ),
];

interface Column {
  readonly table: string;
  readonly name: string;
}

const names = (rows: readonly Column[]): string[] =>
  rows
    .filter(({ table }) => !OWN.test(table))
    .map(({ table, name }) => `${table}.${name}`)
    .filter((name) => !SHARED.includes(name))
    .sort();

void t.test('has the same columns in SQLite and in PostgreSQL', async (t) => {
  const sqlite = await openLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => sqlite.close());
  const { ledger: postgres } = (await openInPostgres(t)) ?? {};
  if (postgres === undefined) return;
  const here =
    await sql<Column>`SELECT s.name AS "table", c.name FROM sqlite_schema AS s, pragma_table_xinfo(s.name) AS c
    WHERE s.type IN ('table', 'view')`.execute(sqlite.db);
  const there =
    await sql<Column>`SELECT table_name AS "table", column_name AS name FROM information_schema.columns
    WHERE table_schema = 'nf_escrow'`.execute(postgres.db);
  t.same(names(there.rows), names(here.rows));
});

void t.test('compares texts by bytes, whatever the collation of the database', async (t) => {
  const { ledger } = (await openInPostgres(t)) ?? {};
  if (ledger === undefined) return;
  const { rows } = await sql`SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'nf_escrow' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
      AND table_name <> 'migrations'`.execute(ledger.db);
  t.same(rows, []);
});
