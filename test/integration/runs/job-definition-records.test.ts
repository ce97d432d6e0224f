import { randomUUID } from 'node:crypto';
import t from 'tap';
import { recordJobDefinition } from '../../../daemon/runs/records/job-definition-records.ts';
import { leasesOf } from '../../../daemon/runs/records/queries.ts';
import { placeRun } from '../../support/placed-run.ts';

const access = { region: 'eu-west-1', account: '123456789012', profile: null, role: null };

void t.test('records a new lease for a job definition that is registered after its removal', async (t) => {
  const { modules, id } = await placeRun(t);
  const { deps, ledger } = modules;
  const secret = {
    id: randomUUID(),
    run_id: id,
    store: 'aws-secrets-manager',
    target: 'nf-escrow/x',
    locator: JSON.stringify(access),
    state: 'gone',
    created_at: new Date().toISOString(),
    expires_at: new Date().toISOString(),
    attempts: 1,
  } as const;
  await ledger.write((db) => db.insertInto('leases').values(secret).execute());
  const note = (registered: boolean): Promise<boolean> => {
    const event = { name: 'nf-ubuntu', registered, at: new Date().toISOString() };
    return ledger.write((db) => recordJobDefinition(deps, db, id, event));
  };
  const states = async (): Promise<string[]> =>
    (await leasesOf(ledger.db, id))
      .filter(({ store }) => store === 'batch-job-definitions')
      .map(({ state }) => state)
      .sort();
  t.ok(await note(false));
  t.same(await states(), ['intended']);
  t.ok(await note(true));
  t.same(await states(), ['placed'], 'one lease per name');
  // The state after `runs purge --force`.
  await ledger.write((db) =>
    db
      .updateTable('leases')
      .set({ state: 'gone' })
      .where('run_id', '=', id)
      .where('store', '=', 'batch-job-definitions')
      .execute(),
  );
  t.ok(await note(false));
  t.same(await states(), ['gone', 'intended']);
  t.ok(await note(true));
  t.same(await states(), ['gone', 'placed']);
});
