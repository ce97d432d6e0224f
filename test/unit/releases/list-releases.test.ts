import { createRelease } from '../../../daemon/releases/create-release.ts';
import { listReleases } from '../../../daemon/releases/list-releases.ts';
import { reportRelease } from '../../../daemon/releases/report-release.ts';
import type { Principal } from '../../../daemon/access/principal.ts';
import type { ReleaseReport, ReleaseSummary } from '../../../daemon/contract/types.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { ReleaseGround } from '../../support/release-ground.ts';

onEachLedger('shows the releases of a workspace with the reported states to its members only', async (t) => {
  const ground = await ReleaseGround.start(t);
  const secret = { name: 'A_KEY', version: await ground.set('A_KEY') };
  const requests = [ground.request([secret]), ground.request([secret]), ground.request([secret])];
  const created = [];
  for (const request of requests) created.push(await createRelease(ground, ground.launcher, request));
  const [first] = created;
  const leases: ReleaseReport['leases'] = [{ store: 'run-directory', state: 'placed', count: 1 }];
  const report: ReleaseReport = { epoch: 1, sequence: 1, state: 'running', outcome: null, leases };
  await reportRelease(ground, first?.release.id ?? '', first?.release.credential, report);
  const [viewer, stranger, other] = [
    await ground.user('bob'),
    await ground.user('eve'),
    await ground.user('dan'),
  ];
  const { id: organization } = await ground.ledger.db
    .selectFrom('organizations')
    .select('id')
    .where('name', '=', 'lab')
    .executeTakeFirstOrThrow();
  const account = await ground.account(organization, 'ci');
  for (const member of [viewer, account]) await ground.member(ground.workspaceId, member, 'view');
  await ground.ledger.write((db) =>
    db
      .insertInto('organization_members')
      .values({
        organization_id: organization,
        user_id: viewer.id,
        role: 'member',
        added_at: '2026-11-30T00:00:00.000Z',
      })
      .execute(),
  );
  await ground.organization('rival', [[stranger, 'owner']]);
  const list = async (by: Principal, filter = {}): Promise<readonly ReleaseSummary[]> =>
    (await listReleases(ground.ledger.db, by, { limit: 10, ...filter })).items;

  const seen = await list(viewer);
  t.same(seen.map(({ run }) => run).sort(), requests.map(({ run }) => run).sort());
  t.match(
    seen.find(({ run }) => run === requests[0]?.run),
    { workspace: 'lab/rna', user: 'ada', secrets: [secret], state: 'running', leases, purgedAt: null },
  );
  t.same(await list({ ...account, token: { id: 'x', scopes: ['read'], workspaceId: null } }), seen);
  t.notMatch(JSON.stringify(seen), ground.recipient);
  for (const outsider of [stranger, other]) t.same(await list(outsider), []);
  t.same(await list(stranger, { workspace: 'lab/rna' }), [], 'a filter shows nothing more');
  t.same((await list(viewer, { run: requests[1]?.run })).length, 1);
  t.same((await list(viewer, { state: 'created' })).length, 2);
  t.same(await list(viewer, { workspace: 'lab/dna' }), []);

  const paged: ReleaseSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await listReleases(ground.ledger.db, viewer, { limit: 2, cursor });
    paged.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  t.same(paged, seen, 'pages contain each release once, newest first');
  await t.rejects(listReleases(ground.ledger.db, viewer, { limit: 2, cursor: 'x' }), {
    code: 'cursor-invalid',
  });
});

onEachLedger('filters releases by removal, secret, user and text', async (t) => {
  const ground = await ReleaseGround.start(t);
  const [one, other] = [
    { name: 'A_KEY', version: await ground.set('A_KEY') },
    { name: 'B_KEY', version: await ground.set('B_KEY') },
  ];
  const create = async (secrets: Parameters<typeof ground.request>[0], change = {}) =>
    (await createRelease(ground, ground.launcher, ground.request(secrets, change))).release;
  const [live, ended, purged, silent] = [
    await create([one]),
    await create([one, other]),
    await create([other]),
    await create([other], { expires: new Date(ground.ledger.clock.now() + 60_000).toISOString() }),
  ];
  const report = (release: typeof live, state: ReleaseReport['state']): Promise<void> =>
    reportRelease(ground, release.id, release.credential, {
      ...{ epoch: 1, sequence: 1, state, outcome: state === 'running' ? null : 'failed', leases: [] },
    });
  await report(live, 'running');
  await report(ended, 'ended');
  await report(purged, 'purged');
  await ground.ledger.write((db) =>
    db
      .updateTable('releases')
      .set({ expires_at: '2026-01-01T00:00:00.000Z' })
      .where('id', '=', silent.id)
      .execute(),
  );
  const found = async (filter: object): Promise<string[]> => {
    const { items } = await listReleases(ground.ledger.db, ground.launcher, { limit: 10, ...filter });
    return items.map(({ id }) => id).sort();
  };
  const ids = (...releases: { readonly id: string }[]): string[] => releases.map(({ id }) => id).sort();
  t.same(await found({ removal: 'pending' }), ids(live, ended, silent));
  t.same(await found({ removal: 'overdue' }), ids(ended, silent), 'a daemon that has never reported counts');
  t.same(await found({ secret: 'A_KEY' }), ids(live, ended));
  t.same(await found({ secret: 'A_KE' }), [], 'only the whole name');
  t.same(await found({ secret: 'a_key' }), [], 'names distinguish case');
  t.same(await found({ user: 'ada' }), ids(live, ended, purged, silent));
  t.same(await found({ user: 'ad' }), []);
  t.same(await found({ text: live.run.slice(3) }), ids(live));
  t.same(await found({ text: 'lab/r' }), ids(live, ended, purged, silent));
  t.same(await found({ text: '%' }), []);
  t.same(await found({ text: 'ADA', removal: 'overdue' }), ids(ended, silent));
});
