// PostgreSQL runs the work of a write again after a conflict. What the first attempt wrote is rolled back.
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Ledger, Queries } from '../../../daemon/ledger/ledger.ts';
import { DefinitionLimit } from '../../../daemon/runs/records/job-definition-records.ts';
import { ExposureRecords } from '../../../daemon/runs/records/exposure-records.ts';
import { DroppedRecords, droppedRecordsOf } from '../../../daemon/runs/records/reading/dropped-records.ts';
import { RowLimit, rowLimits } from '../../../daemon/runs/records/reading/row-limit.ts';
import { countRows } from '../../../daemon/runs/records/task-records.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { openTestLedger } from '../../support/test-ledger.ts';
import { runRow } from '../../support/run-row.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const RUN = 'r1';

async function openWithRun(t: Test): Promise<Ledger> {
  const ledger = await openTestLedger(join(temporaryDirectory(t), 'ledger.db'));
  t.teardown(() => ledger.close());
  await ledger.write((db) => db.insertInto('runs').values(runRow(RUN)).execute());
  return ledger;
}

/** Runs the work twice, as after a conflict: the first attempt is rolled back. */
async function retried(t: Test, ledger: Ledger, work: (db: Queries) => Promise<void>): Promise<void> {
  const conflict = new Error('a concurrent transaction');
  await t.rejects(
    ledger.write(async (db) => {
      await work(db);
      throw conflict;
    }),
    conflict,
  );
  await ledger.write(work);
}

onEachLedger('notes dropped records although the first attempt was rolled back', async (t) => {
  const ledger = await openWithRun(t);
  const dropped = new DroppedRecords(RUN);
  await retried(t, ledger, (db) => dropped.noteDropped(db, 'tasks'));
  t.same(await droppedRecordsOf(ledger.db, RUN), ['tasks']);
  await ledger.write((db) => dropped.noteDropped(db, 'tasks'));
  const { length } = await ledger.db
    .selectFrom('journal')
    .select('seq')
    .where('type', '=', 'run.records-dropped')
    .execute();
  t.equal(length, 1, 'once');
});

onEachLedger('admits rows up to the limit although the first attempt was rolled back', async (t) => {
  const ledger = await openWithRun(t);
  const limit = new RowLimit(3, (db) => countRows(db, 'trace_errors', RUN));
  const add = async (db: Queries, rows: readonly number[]): Promise<void> => {
    const admitted = rows.slice(0, await limit.remaining(db, rows.length));
    if (admitted.length === 0) return;
    await db
      .insertInto('trace_errors')
      .values(admitted.map((row) => ({ run_id: RUN, row, reason: 'x' })))
      .execute();
    limit.add(db, admitted.length);
  };
  await retried(t, ledger, async (db) => {
    await add(db, [1, 2]);
    await add(db, [3, 4]);
    await add(db, [5]); // counts the rows of this transaction
  });
  const rows = await ledger.db.selectFrom('trace_errors').select('row').orderBy('row').execute();
  t.same(
    rows.map(({ row }) => row),
    [1, 2, 3],
  );
  t.notOk(limit.isFull, 'rows of the transaction could still be rolled back');
  await ledger.write((db) => add(db, [6]));
  t.ok(limit.isFull);
});

onEachLedger('admits exposures up to the limit although the first attempt was rolled back', async (t) => {
  const ledger = await openWithRun(t);
  const records = new ExposureRecords({ id: RUN, plan: JSON.stringify([{ name: 'A_KEY' }]) }, 3);
  const write = (db: Queries, file: string): Promise<boolean> =>
    records.writeExposure(db, { file, task: null, process: null, secrets: ['A_KEY'] });
  await retried(t, ledger, async (db) => {
    await write(db, '/a');
    await write(db, '/b');
  });
  t.ok(await ledger.write((db) => write(db, '/c')));
  t.notOk(await ledger.write((db) => write(db, '/d')));
  const { length } = await ledger.db.selectFrom('exposures').select('path').execute();
  t.equal(length, 3);
});

onEachLedger('admits job definitions although the first attempt was rolled back', async (t) => {
  const ledger = await openWithRun(t);
  const limit = new DefinitionLimit(RUN);
  const admitted: boolean[] = [];
  const most = rowLimits['job-definitions'];
  await retried(t, ledger, async (db) => {
    await limit.prepare(db);
    // Other names in the second attempt, which would exceed the limit together with those of the first.
    for (let index = 0; index < most; index += 1)
      admitted.push(limit.admit(`d${String(admitted.length)}-${String(index)}`));
  });
  t.equal(admitted.filter(Boolean).length, 2 * most);
});
