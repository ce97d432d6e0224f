// The order in which runs end, as the queue of webhooks reads it from a ledger that several processes share.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readWebhooks } from '../../../daemon/config/webhook-setting.ts';
import { record } from '../../../daemon/ledger/journal.ts';
import { addEndedRuns } from '../../../daemon/webhooks/queue.ts';
import { openInPostgres } from '../../support/each-ledger.ts';
import { runRow } from '../../support/run-row.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('reports a run whose end was committed after that of a later one', async (t) => {
  const { ledger } = (await openInPostgres(t)) ?? {};
  if (ledger === undefined) return;
  const secretFile = join(temporaryDirectory(t), 'secret');
  writeFileSync(secretFile, `${'s'.repeat(40)}\n`, { mode: 0o600 });
  const value = JSON.stringify([{ url: 'http://127.0.0.1:1/', secretFile }]);
  const [hook] = await readWebhooks({ value, place: 'a test' });
  if (hook === undefined) return;
  const { db } = ledger;
  for (const id of ['r1', 'r2', 'r3'])
    await db
      .insertInto('runs')
      .values(runRow(id, { state: 'ended', outcome: 'failed', ended_at: '2026-01-01T00:00:00.000Z' }))
      .execute();
  await addEndedRuns(ledger, hook);

  const first = await db.startTransaction().execute(); // takes its number in the journal first
  await record(first, { type: 'run.ended', run: 'r1' });
  await ledger.write((transaction) => record(transaction, { type: 'run.ended', run: 'r2' }));
  await addEndedRuns(ledger, hook);
  const reported = async (): Promise<(string | null)[]> =>
    (await db.selectFrom('webhook_deliveries').select('run_id').execute()).map(({ run_id }) => run_id).sort();
  t.same(await reported(), ['r2']);
  await first.commit().execute();
  await addEndedRuns(ledger, hook);
  t.same(await reported(), ['r1', 'r2']);

  await ledger.write((transaction) => record(transaction, { type: 'run.ended', run: 'r3' }));
  await Promise.all([addEndedRuns(ledger, hook), addEndedRuns(ledger, hook)]);
  t.same(await reported(), ['r1', 'r2', 'r3'], 'once, although two processes read it');
  await addEndedRuns(ledger, hook);
  t.same(await reported(), ['r1', 'r2', 'r3']);
});
