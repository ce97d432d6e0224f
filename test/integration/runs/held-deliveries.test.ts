// What a team server holds for runs of a daemon: its lease, the answers of the server about it, and the reports that keep it.
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { newRunId } from '../../../daemon/contract/run-id.ts';
import { createReleaseCredential, hashOfCredential } from '../../../daemon/releases/release-credential.ts';
import { ReleaseReports } from '../../../daemon/releases/release-reports.ts';
import { HeldDeliveries, heldTarget } from '../../../daemon/sources/held-deliveries.ts';
import { noFaults } from '../../../daemon/system/steps.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';
import { until } from '../../support/sandbox.ts';
import { TeamRuns } from '../../support/team-runs.ts';

t.setTimeout(180_000);

/** Records that a delivery was requested, as the daemon does before the request. */
async function request(team: TeamRuns, run: string): Promise<string> {
  const [server] = team.servers;
  const credential = createReleaseCredential();
  await team.modules.ledger.write((db) =>
    db
      .insertInto('received_releases')
      .values({
        ...{ run_id: run, release_id: run, server: server?.url ?? '', ca_file: server?.caFile ?? null },
        ...{
          credential,
          epoch: 0,
          sequence: 0,
          delivered: 0,
          report: null,
          created_at: new Date().toISOString(),
        },
      })
      .execute(),
  );
  return credential;
}

async function heldBy(team: TeamRuns) {
  const { ledger } = team.modules;
  const run = newRunId(new Date().toISOString());
  const target = heldTarget(team.servers[0]?.url ?? '', run);
  const held = new HeldDeliveries({ ledger, clock: systemClock, faults: noFaults });
  const place = (sentAt: string | null = null) => ({ target, locator: null, sentAt });
  return { run, held, place };
}

void t.test('counts a delivery as absent only if the server cannot have it', async (t) => {
  const team = await TeamRuns.start(t);
  const { run, held, place } = await heldBy(team);
  await held.remove(place());
  t.match(await held.inspect(place()), { state: 'absent', evidence: /no delivery was requested/ });
  await t.rejects(held.inspectOnce(place()), { code: 'store-unavailable', hint: /releases receipt r/ });
  await request(team, run);
  const now = new Date().toISOString();
  t.match(await held.inspect(place(now)), { state: 'present', evidence: /may still carry out/ });
  const before = new Date(Date.now() - 20 * 60_000).toISOString();
  t.match(await held.inspect(place(before)), { state: 'absent', evidence: /has no delivery for the run/ });
  t.match(await held.inspect(place()), { state: 'absent' }, 'the server has rejected the request');
  await team.modules.ledger.write((db) =>
    db.updateTable('received_releases').set({ release_id: randomUUID() }).execute(),
  );
  t.match(await held.inspect(place()), { state: 'unverified', evidence: /no longer has the delivery/ });
  team.front.interfere = () => 'refuse';
  await t.rejects(held.remove(place()), { code: 'server-unreachable' });
});

void t.test('ends a delivery with its credential, and shows what the server has verified', async (t) => {
  const team = await TeamRuns.start(t);
  const { run, held, place } = await heldBy(team);
  const credential = await request(team, run);
  const { ledger } = team.server;
  const id = await team.server.delivery(run, 'lab/rna', team.user);
  await ledger.write((db) =>
    db
      .insertInto('release_credentials')
      .values({ hash: hashOfCredential(credential), release_id: id })
      .execute(),
  );
  await held.remove(place());
  const row = await ledger.db.selectFrom('deliveries').selectAll().where('id', '=', id).executeTakeFirst();
  t.match(row, { state: /^remov/, end_reason: 'run-ended' });
  await ledger.write(async (db) => {
    const at = new Date().toISOString();
    await db
      .insertInto('delivery_leases')
      .values({
        ...{ id: 'x', delivery_id: id, store: 'aws-secrets-manager', target: 'arn:x', locator: null },
        ...{ state: 'gone', created_at: at, gone_at: at, check_result: 'arn:x: not found twice' },
      })
      .execute();
    await db.updateTable('deliveries').set({ state: 'removed' }).where('id', '=', id).execute();
  });
  t.match(await held.inspect(place()), {
    state: 'absent',
    evidence: /^held by server https:.*: arn:x: not found twice$/,
  });
  await ledger.write((db) => db.updateTable('delivery_leases').set({ state: 'unverified' }).execute());
  t.match(await held.inspectOnce(place()), { state: 'unverified' });
});

void t.test(
  'reports a run whose secrets the server holds, although nothing changes, and keeps its credential',
  async (t) => {
    const team = await TeamRuns.start(t);
    await team.set('A_KEY');
    const { run } = await team.modules.runs.create(team.request('lab/rna'));
    const id = run?.id ?? '';
    const { ledger, deps } = team.modules;
    const reports = new ReleaseReports({
      ...{ ledger, epoch: 1, log: deps.log, faults: deps.faults, roundMs: 20, renewalMs: 50 },
      pauses: { first: 20, longest: 50 },
    });
    t.teardown(() => reports.stop());
    reports.start();
    await until('the server knows the run', async () => (await team.release(id))?.state === 'materialized');
    const sequence = async (): Promise<number> => (await team.release(id))?.sequence ?? 0;
    const first = await sequence();
    await ledger.write((db) =>
      db
        .insertInto('leases')
        .values({
          ...{
            id: 'held',
            run_id: id,
            store: 'team-server',
            target: heldTarget('https://x', id),
            locator: null,
          },
          ...{ state: 'placed', created_at: '', expires_at: '2999-01-01T00:00:00.000Z', attempts: 0 },
          ...{ placed_at: '' },
        })
        .execute(),
    );
    await until('further reports', async () => (await sequence()) > first + 3);
    await team.server.ledger.write((db) => db.deleteFrom('release_credentials').execute());
    const known = await sequence();
    await until('the server has rejected a report', async () => {
      const [row] = await ledger.db.selectFrom('received_releases').selectAll().execute();
      return row !== undefined && row.sequence > known + 1 && row.delivered === row.sequence;
    });
    t.pass('the credential is kept, because the end of the delivery needs it');
  },
);
