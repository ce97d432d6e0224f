// Reports of a user's daemon to the team server that released secrets to a run.
import { sql } from 'kysely';
import t from 'tap';
import { revokeToken } from '../../../daemon/access/tokens/tokens.ts';
import { ReleaseReports } from '../../../daemon/releases/release-reports.ts';
import { until } from '../../support/sandbox.ts';
import { TeamRuns } from '../../support/team-runs.ts';

const PAUSES = { first: 20, longest: 50 };

function reportsOf({ modules }: TeamRuns, epoch = 1): ReleaseReports {
  const { ledger, deps } = modules;
  return new ReleaseReports({
    ledger,
    epoch,
    log: deps.log,
    faults: deps.faults,
    roundMs: 20,
    pauses: PAUSES,
  });
}

void t.test(
  'reports each state while the token is revoked, and forgets the credential at the end',
  async (t) => {
    const team = await TeamRuns.start(t);
    await team.set('A_KEY');
    const { run } = await team.modules.runs.create(team.request('lab/rna'));
    const id = run?.id ?? '';
    for (const { id: token } of await team.server.ledger.db.selectFrom('tokens').select('id').execute())
      await revokeToken(team.server.ledger, team.user, token);
    const reports = reportsOf(team);
    t.teardown(() => reports.stop());
    reports.start();
    await until(
      'the server knows the delivery',
      async () => (await team.release(id))?.state === 'materialized',
    );
    t.match(await team.release(id), { leases: /"state":"placed"/, epoch: 1 });
    await team.modules.runs.callOff(id);
    await until('the server knows the end', async () => (await team.release(id))?.state === 'purged');
    t.match(await team.release(id), { outcome: 'aborted', leases: /"state":"gone"/ });
    await until(
      'the credential is deleted',
      async () =>
        (await team.modules.ledger.db.selectFrom('received_releases').selectAll().execute()).length === 0,
    );
    await until('the daemon may stop', () => !reports.isBusy);
  },
);

void t.test(
  'keeps reports over a restart while the server does not answer, and holds up no purge',
  async (t) => {
    const team = await TeamRuns.start(t);
    await team.set('A_KEY');
    const { run } = await team.modules.runs.create(team.request('lab/rna'));
    const id = run?.id ?? '';
    team.front.interfere = () => 'refuse';
    const first = reportsOf(team);
    first.start();
    await team.modules.runs.callOff(id);
    await until('the run is purged', async () => (await team.modules.runs.find(id)).state === 'purged');
    await until('the report is queued', async () => {
      const [row] = await team.modules.ledger.db.selectFrom('received_releases').selectAll().execute();
      return row?.report?.includes('purged') === true && row.delivered < row.sequence;
    });
    await until('the daemon may stop', () => !first.isBusy);
    await first.stop();
    t.match(await team.release(id), { state: 'created' });
    team.front.interfere = () => undefined;
    const second = reportsOf(team, 2);
    t.teardown(() => second.stop());
    second.start();
    await until('the server knows the end', async () => (await team.release(id))?.state === 'purged');
  },
);

void t.test('drops a report that the server rejects permanently, and sends the next ones', async (t) => {
  const team = await TeamRuns.start(t);
  await team.set('A_KEY');
  const runs = [];
  for (let count = 0; count < 2; count += 1)
    runs.push((await team.modules.runs.create(team.request('lab/rna'))).run?.id ?? '');
  const [wrong = '', right = ''] = runs;
  const { ledger } = team.modules;
  await ledger.write((db) =>
    db
      .updateTable('received_releases')
      .set({ sequence: 1, report: '{"state":"none"}' })
      .where('run_id', '=', wrong)
      .execute(),
  );
  await ledger.write(async (db) => {
    // Without a run, the report stays as it is.
    await db.updateTable('received_releases').set({ run_id: 'r0' }).where('run_id', '=', wrong).execute();
  });
  const reports = reportsOf(team);
  t.teardown(() => reports.stop());
  reports.start();
  await until(
    'the server knows the other run',
    async () => (await team.release(right))?.state === 'materialized',
  );
  await until('nothing is pending', () => !reports.isBusy);
  const rows = await ledger.db.selectFrom('received_releases').selectAll().execute();
  t.equal(rows.find(({ run_id }) => run_id === 'r0')?.delivered, 1);
});

void t.test('sends the reports of other runs while the server fails on one', async (t) => {
  const team = await TeamRuns.start(t);
  await team.set('A_KEY');
  const runs = [];
  for (let count = 0; count < 2; count += 1)
    runs.push((await team.modules.runs.create(team.request('lab/rna'))).run?.id ?? '');
  const [failing = '', other = ''] = runs;
  const { db } = team.server.ledger;
  await sql
    .raw(
      `CREATE TRIGGER failing BEFORE UPDATE ON releases WHEN NEW.run_id = '${failing}' BEGIN SELECT RAISE(ABORT, 'failing'); END`,
    )
    .execute(db);
  const reports = reportsOf(team);
  t.teardown(() => reports.stop());
  reports.start();
  await until(
    'the server knows the other run',
    async () => (await team.release(other))?.state === 'materialized',
  );
  t.match(await team.release(failing), { state: 'created' });
  await team.modules.runs.callOff(other);
  await until('the server knows its end', async () => (await team.release(other))?.state === 'purged');
  await sql`DROP TRIGGER failing`.execute(db);
  await until(
    'the server knows the first run',
    async () => (await team.release(failing))?.state === 'materialized',
  );
  await until('the daemon may stop', () => !reports.isBusy);
});

void t.test('ends the reports on a release that the server does not know', async (t) => {
  const team = await TeamRuns.start(t);
  await team.set('A_KEY');
  await team.modules.runs.create(team.request('lab/rna'));
  const { ledger } = team.server;
  await ledger.write((db) => db.deleteFrom('release_credentials').execute());
  const reports = reportsOf(team);
  t.teardown(() => reports.stop());
  reports.start();
  await until(
    'the release is forgotten',
    async () =>
      (await team.modules.ledger.db.selectFrom('received_releases').selectAll().execute()).length === 0,
  );
  t.match(team.modules.logged(), /no longer has the release/);
});
