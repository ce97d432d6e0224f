import t from 'tap';
import { revokeToken } from '../../../daemon/access/tokens/tokens.ts';
import { setUserState } from '../../../daemon/access/accounts/users.ts';
import type { Release, ReleaseReport } from '../../../daemon/contract/types.ts';
import { createRelease } from '../../../daemon/releases/create-release.ts';
import { createReleaseCredential } from '../../../daemon/releases/release-credential.ts';
import { reportRelease } from '../../../daemon/releases/report-release.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { ReleaseGround } from '../../support/release-ground.ts';

const report = (epoch: number, sequence: number, state: ReleaseReport['state']): ReleaseReport => ({
  ...{ epoch, sequence, state, outcome: state === 'purged' ? 'succeeded' : null },
  leases: [{ store: 'run-directory', state: 'placed', count: 1 }],
});

const stateOf = (ground: ReleaseGround, { id }: Release) =>
  ground.ledger.db
    .selectFrom('releases')
    .select(['state', 'outcome', 'epoch', 'sequence'])
    .where('id', '=', id)
    .executeTakeFirst();

onEachLedger('applies the newest report, in whatever order and however often they arrive', async (t) => {
  const ground = await ReleaseGround.start(t);
  const request = ground.request([{ name: 'A_KEY', version: await ground.set('A_KEY') }]);
  const { release } = await createRelease(ground, ground.launcher, request);
  const send = (one: ReleaseReport) => reportRelease(ground, release.id, release.credential, one);
  await send(report(1, 5, 'running'));
  for (const older of [
    report(1, 1, 'created'),
    report(1, 4, 'purged'),
    report(1, 5, 'purged'),
    report(0, 9, 'ended'),
  ])
    await send(older);
  t.match(await stateOf(ground, release), { state: 'running', outcome: null, epoch: 1, sequence: 5 });
  await send(report(2, 1, 'purged'));
  await send(report(1, 6, 'running'));
  t.match(await stateOf(ground, release), { state: 'purged', outcome: 'succeeded', epoch: 2, sequence: 1 });
  const events = await ground.ledger.db
    .selectFrom('journal')
    .select(['place', 'data'])
    .where('type', '=', 'release.reported')
    .execute();
  t.equal(events.length, 2, 'one event for each change of the state');
  t.match(events[0]?.place, 'lab/rna');
  t.same(await ground.ledger.db.selectFrom('release_pins').selectAll().execute(), []);
  await t.rejects(createRelease(ground, ground.launcher, request), { code: 'release-conflict' });
});

onEachLedger('applies one of several reports that arrive at once', async (t) => {
  const ground = await ReleaseGround.start(t);
  const request = ground.request([{ name: 'A_KEY', version: await ground.set('A_KEY') }]);
  const { release } = await createRelease(ground, ground.launcher, request);
  const all = ['created', 'materialized', 'running', 'ended', 'purged'] as const;
  await Promise.all(
    all.map((state, index) =>
      reportRelease(ground, release.id, release.credential, report(1, index + 1, state)),
    ),
  );
  t.match(await stateOf(ground, release), { state: 'purged', sequence: 5 });
});

void t.test('accepts only a credential of the release, also of a suspended user', async (t) => {
  const ground = await ReleaseGround.start(t);
  const version = await ground.set('A_KEY');
  const { text, token } = await ground.token(ground.launcher);
  const by = { ...ground.launcher, token: { id: token.id, scopes: token.scopes, workspaceId: null } };
  const request = ground.request([{ name: 'A_KEY', version }]);
  const { release } = await createRelease(ground, by, request);
  const { release: repeated } = await createRelease(ground, by, request);
  const { release: other } = await createRelease(ground, by, ground.request([{ name: 'A_KEY', version }]));
  for (const wrong of [undefined, '', text, 'nfr_', createReleaseCredential(), other.credential])
    await t.rejects(reportRelease(ground, release.id, wrong, report(1, 1, 'ended')), {
      code: 'unauthenticated',
    });
  t.match(await stateOf(ground, release), { state: 'created' });
  await revokeToken(ground.ledger, ground.launcher, token.id);
  await setUserState(ground.ledger, await ground.user('root', true), 'ada', 'suspended');
  await reportRelease(ground, release.id, release.credential, report(1, 1, 'running'));
  await reportRelease(ground, release.id, repeated.credential, report(1, 2, 'purged'));
  t.match(await stateOf(ground, release), { state: 'purged' });
});
