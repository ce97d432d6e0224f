// Queries whose SQL differs between the databases give the same results.
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { readAudit } from '../../../daemon/ledger/audit.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { openLedger } from '../../../daemon/ledger/sqlite/open.ts';
import { listRuns } from '../../../daemon/runs/records/list-runs.ts';
import { openInPostgres } from '../../support/each-ledger.ts';
import { runRow } from '../../support/run-row.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const word = fc.oneof(
  fc.constantFrom(
    'rna',
    'RNA',
    'RNAseq',
    'Zürich',
    'zurich',
    'ΑΒΓ',
    'αβγ',
    'Приве́т',
    '数据',
    'v1',
    '1',
    '2e5',
    '0x1F',
    'e',
  ),
  fc.string({ unit: fc.constantFrom('a', 'A', 'é', '1', '_'), minLength: 1, maxLength: 4 }),
);
// SQLite's tables are those of Unicode 6.1. It takes later symbols for letters.
const separator = fc.constantFrom(
  ' ',
  '/',
  '-',
  '_',
  '.',
  ':',
  '@',
  "'",
  '"',
  '\\',
  '%',
  '*',
  '&',
  '|',
  '(',
  '☃',
  '\n',
  '',
);
const text = fc
  .array(fc.tuple(word, separator), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.flat().join(''));

const found = async ({ db }: Ledger, query: string): Promise<string[]> => {
  const { items } = await listRuns(db, { limit: 100, text: query });
  return items.map(({ id }) => id);
};

void t.test('finds the same runs by their words on both databases', async (t) => {
  const sqlite = await openLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => sqlite.close());
  const { ledger: postgres } = (await openInPostgres(t)) ?? {};
  if (postgres === undefined) return;
  const texts = fc.sample(text, 60);
  for (const ledger of [sqlite, postgres])
    await ledger.write(async (db) => {
      for (const [index, one] of texts.entries())
        await db
          .insertInto('runs')
          .values(runRow(`run${String(index)}`, { launch_directory: `/scratch/${one}`, run_name: one }))
          .execute();
    });
  let matches = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, fc.constantFrom(...texts)), async (query) => {
      const [here, there] = [await found(sqlite, query), await found(postgres, query)];
      matches += here.length;
      t.same(there, here, JSON.stringify(query));
    }),
    { numRuns: 150 },
  );
  t.ok(matches > 100, 'many queries have results');
  for (const ledger of [sqlite, postgres]) {
    await ledger.write((db) =>
      db.updateTable('runs').set({ run_name: 'renamed_run' }).where('id', '=', 'run7').execute(),
    );
    await ledger.write((db) => db.deleteFrom('runs').where('id', '=', 'run8').execute());
    t.same(await found(ledger, 'renamed'), ['run7'], 'a new name is indexed');
    t.notOk((await found(ledger, 'scratch')).includes('run8'), 'a deleted run is not found');
  }
});

void t.test('finds the same events of the audit log on both databases', async (t) => {
  const sqlite = await openLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => sqlite.close());
  const { ledger: postgres } = (await openInPostgres(t)) ?? {};
  if (postgres === undefined) return;
  const hostile = 'a\0b\ud800 \\u0000 "quoted" %_';
  const results = [];
  for (const ledger of [sqlite, postgres]) {
    const add = (type: string, data: object): Promise<void> =>
      ledger.write((db) => record(db, { type, by: 'ada', data }));
    await add('secret.set', { scope: 'lab/rna', name: 'AA_KEY', version: 1 });
    await add('secret.set', { scope: 'lab/rna', name: hostile });
    await add('secret.imported', { scope: 'lab/dna', created: ['BB_KEY'], replaced: ['AA_KEY'] });
    await add('run.created', {
      workspace: 'lab/rna',
      secrets: [{ name: 'AA_KEY', scope: 'user' }, { name: 'CC_KEY' }],
    });
    await add('run.created', { workspace: 'lab/rna', secrets: hostile });
    const ask = async (filter: object): Promise<unknown> => {
      const { items } = await readAudit(ledger.db, { limit: 50, ...filter });
      return items.map(({ seq, type }) => [seq, type]);
    };
    const filters = [
      { secret: 'AA_KEY' },
      { secret: 'CC_KEY' },
      { workspace: 'lab/rna' },
      { text: 'QUOTED' },
      { text: '%_' },
    ];
    results.push(await Promise.all(filters.map(ask)));
  }
  t.same(results[1], results[0]);
  t.match(
    results[0]?.map((one) => (one as unknown[]).length),
    [3, 1, 4, 2, 2],
  );
});
