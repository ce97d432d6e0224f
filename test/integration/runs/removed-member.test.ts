// A member who is removed while their run is alive, and reports whose responses are lost.
import t from 'tap';
import { removeOrganizationMember } from '../../../daemon/access/members/organization-members.ts';
import { ReleaseReports } from '../../../daemon/releases/release-reports.ts';
import { until } from '../../support/sandbox.ts';
import { TeamRuns } from '../../support/team-runs.ts';

/** Starts the reports of the user's daemon. */
async function startReports({ modules: { ledger, deps } }: TeamRuns): Promise<ReleaseReports> {
  const epoch = await ledger.claim(() => undefined);
  const pauses = { first: 20, longest: 100 };
  const reports = new ReleaseReports({
    ledger,
    epoch,
    log: deps.log,
    faults: deps.faults,
    roundMs: 20,
    pauses,
  });
  reports.start();
  return reports;
}

void t.test(
  'lets the run of a removed member continue, takes its reports, and releases nothing new',
  async (t) => {
    const team = await TeamRuns.start(t);
    const owner = await team.server.user('grace');
    const { id } = await team.server.ledger.db
      .selectFrom('organizations')
      .select('id')
      .where('name', '=', 'lab')
      .executeTakeFirstOrThrow();
    await team.server.ledger.write((db) =>
      db
        .insertInto('organization_members')
        .values({
          organization_id: id,
          user_id: owner.id,
          role: 'owner',
          added_at: '2026-01-05T10:00:00.000Z',
        })
        .execute(),
    );
    await team.set('A_KEY');
    const { modules } = team;
    const { run } = await modules.runs.create(team.request('lab/rna'));
    const reports = await startReports(team);
    t.teardown(() => reports.stop());
    const state = async (): Promise<string | undefined> => (await team.release(run?.id ?? ''))?.state;
    await until('the first report', async () => (await state()) === 'materialized');
    await removeOrganizationMember(team.server.ledger, owner, 'lab', 'ada');
    t.equal((await modules.runs.find(run?.id ?? '')).state, 'materialized', 'the run continues');
    await t.rejects(modules.runs.create(team.request('lab/rna')), { code: 'workspace-not-found' });
    await t.rejects(modules.runs.create(team.request('vault.example.org:lab/rna')), {
      code: 'workspace-not-found',
    });
    await modules.runs.callOff(run?.id ?? '');
    await until('the last report', async () => (await state()) === 'purged');
    const { length } = await team.server.ledger.db.selectFrom('releases').select('id').execute();
    t.equal(length, 1);
  },
);

void t.test('applies a report once although its response is lost', async (t) => {
  const team = await TeamRuns.start(t);
  await team.set('A_KEY');
  const lost = new Set<string>();
  team.front.interfere = (path) => {
    if (!path.startsWith('PUT ') || lost.size >= 3) return undefined;
    lost.add(`${path} ${String(lost.size)}`);
    return 'lose the response';
  };
  const { run } = await team.modules.runs.create(team.request('lab/rna'));
  const reports = await startReports(team);
  t.teardown(() => reports.stop());
  const state = async (): Promise<string | undefined> => (await team.release(run?.id ?? ''))?.state;
  await until('the first report', async () => (await state()) === 'materialized');
  await until('repetitions', () => lost.size >= 3);
  await team.modules.runs.callOff(run?.id ?? '');
  await until('the last report', async () => (await state()) === 'purged');
  const events = await team.server.ledger.db
    .selectFrom('journal')
    .select('data')
    .where('type', '=', 'release.reported')
    .orderBy('seq')
    .execute();
  const states = events.map(({ data }) => (JSON.parse(data) as { state: string }).state);
  t.same([...new Set(states)], states, 'each state once');
  t.same(states[0], 'materialized');
  t.same(states.at(-1), 'purged');
});
