import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import t from 'tap';
import { setUserState } from '../../../daemon/access/accounts/users.ts';
import type { ReleaseRequest } from '../../../daemon/contract/types.ts';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import { readAudit } from '../../../daemon/ledger/audit.ts';
import type { Ledger } from '../../../daemon/ledger/ledger.ts';
import { createRelease } from '../../../daemon/releases/create-release.ts';
import { noFaults } from '../../../daemon/system/steps.ts';
import { maintainReleases } from '../../../daemon/releases/upkeep.ts';
import { machineUser } from '../../../daemon/access/principal.ts';
import { onEachLedger } from '../../support/each-ledger.ts';
import { ReleaseGround } from '../../support/release-ground.ts';

onEachLedger('releases the pinned versions to the recipient, and records names and versions', async (t) => {
  const ground = await ReleaseGround.start(t);
  const version = await ground.set('A_KEY');
  await ground.set('B_KEY');
  const request = ground.request([{ name: 'A_KEY', version }]);
  const { release, isNew } = await createRelease(ground, ground.launcher, request);
  t.ok(isNew);
  t.same(await ground.open(release, request), { A_KEY: ground.values.get('A_KEY 1') });
  const { items } = await readAudit(ground.ledger.db, { limit: 1, secret: 'A_KEY' });
  t.match(items, [
    {
      type: 'secret.released',
      by: 'ada',
      data: {
        workspace: 'lab/rna',
        release: release.id,
        run: request.run,
        secrets: [{ name: 'A_KEY', version }],
      },
    },
  ]);
  const rows = JSON.stringify([
    await ground.ledger.db.selectFrom('releases').selectAll().execute(),
    await ground.ledger.db.selectFrom('release_credentials').selectAll().execute(),
    await ground.ledger.db.selectFrom('journal').selectAll().execute(),
  ]);
  for (const value of ground.values.values()) t.notMatch(rows, value, 'no value in the ledger');
  t.notMatch(rows, release.credential, 'only the hash of the credential');
});

onEachLedger('repeats a release with the same versions, and refuses another recipient', async (t) => {
  const ground = await ReleaseGround.start(t);
  const version = await ground.set('A_KEY');
  const request = ground.request([{ name: 'A_KEY', version }]);
  const { release: first } = await createRelease(ground, ground.launcher, request);
  await ground.set('A_KEY');
  const { release: second, isNew } = await createRelease(ground, ground.launcher, request);
  t.notOk(isNew);
  t.equal(second.id, first.id);
  t.not(second.payload, first.payload);
  t.not(second.credential, first.credential);
  t.same(await ground.open(second, request), { A_KEY: ground.values.get('A_KEY 1') });
  const scope = await findWorkspace(ground.ledger.db, 'lab/rna');
  await ground.vault.remove(machineUser(), scope, 'A_KEY');
  t.equal(
    (await createRelease(ground, ground.launcher, request)).release.id,
    first.id,
    'after a removal too',
  );
  const recipient = await identityToRecipient(await generateX25519Identity());
  const changes: readonly Partial<ReleaseRequest>[] = [
    { recipient },
    { secrets: [{ name: 'A_KEY', version: 2 }] },
    { expires: new Date(Date.parse(request.expires) + 1).toISOString() },
  ];
  for (const change of changes)
    await t.rejects(createRelease(ground, ground.launcher, { ...request, ...change }), {
      code: 'release-conflict',
    });
});

onEachLedger('releases to several runs at the same time without conflicts', async (t) => {
  const ground = await ReleaseGround.start(t);
  const secrets: ReleaseRequest['secrets'] = [{ name: 'ONE', version: await ground.set('ONE') }];
  const { ledger, vault, launcher } = ground;
  let attempts = 0;
  const counted: Pick<Ledger, 'clock' | 'db' | 'write'> = {
    ...{ clock: ledger.clock, db: ledger.db },
    write: (work) =>
      ledger.write((db) => {
        attempts += 1;
        return work(db);
      }),
  };
  const releases = await Promise.all(
    Array.from({ length: 10 }, () =>
      createRelease(
        { ledger: counted as Ledger, vault, faults: ground.faults },
        launcher,
        ground.request(secrets),
      ),
    ),
  );
  t.equal(new Set(releases.map(({ release }) => release.id)).size, 10);
  // PostgreSQL can report a conflict also where there is none.
  t.ok(attempts <= 15, `${String(attempts)} attempts`);
});

onEachLedger('gives concurrent requests one release', async (t) => {
  const ground = await ReleaseGround.start(t);
  const request = ground.request([{ name: 'A_KEY', version: await ground.set('A_KEY') }]);
  const results = await Promise.all(
    Array.from({ length: 4 }, () => createRelease(ground, ground.launcher, request)),
  );
  t.equal(new Set(results.map(({ release }) => release.id)).size, 1);
  t.equal(results.filter(({ isNew }) => isNew).length, 1);
  t.equal(new Set(results.map(({ release }) => release.credential)).size, 4);
});

void t.test('releases nothing without the role, the account or the pinned version', async (t) => {
  const ground = await ReleaseGround.start(t);
  const version = await ground.set('A_KEY');
  const [viewer, stranger] = [await ground.user('bob'), await ground.user('eve')];
  await ground.ledger.write((db) =>
    db
      .insertInto('organization_members')
      .values(
        [viewer, stranger].map(({ id }) => ({
          organization_id: db.selectFrom('organizations').select('id').where('name', '=', 'lab'),
          ...{ user_id: id, role: 'member', added_at: '2026-01-05T10:00:00.000Z' },
        })) as never,
      )
      .execute(),
  );
  await ground.member(ground.workspaceId, viewer, 'view');
  const wanted: ReleaseRequest['secrets'] = [{ name: 'A_KEY', version }];
  const cases = [
    [viewer, ground.request(wanted), 'not-permitted'],
    [stranger, ground.request(wanted), 'workspace-not-found'],
    [ground.launcher, ground.request(wanted, { workspace: 'lab/none' }), 'workspace-not-found'],
    [ground.launcher, ground.request([{ name: 'A_KEY', version: version + 1 }]), 'secret-changed'],
    [ground.launcher, ground.request([{ name: 'NO_KEY', version: 1 }]), 'secret-not-found'],
    [ground.launcher, ground.request([...wanted, ...wanted]), 'request-unprocessable'],
    [
      ground.launcher,
      ground.request(wanted, { recipient: `age1${'q'.repeat(58)}` }),
      'request-unprocessable',
    ],
    [
      ground.launcher,
      ground.request(wanted, { expires: '2020-01-05T10:00:00.000Z' }),
      'request-unprocessable',
    ],
    [
      ground.launcher,
      ground.request(wanted, { expires: '2099-01-05T10:00:00.000Z' }),
      'request-unprocessable',
    ],
  ] as const;
  for (const [by, request, code] of cases)
    await t.rejects(createRelease(ground, by, request), { code }, `${by.user}: ${code}`);
  await setUserState(ground.ledger, await ground.user('root', true), 'ada', 'suspended');
  await t.rejects(createRelease(ground, ground.launcher, ground.request(wanted)), {
    code: 'unauthenticated',
  });
  t.same(await ground.ledger.db.selectFrom('releases').select('id').execute(), []);
  t.same(
    await ground.ledger.db
      .selectFrom('journal')
      .select('seq')
      .where('type', '=', 'secret.released')
      .execute(),
    [],
  );
});

onEachLedger('keeps a replaced version only until the release expires', async (t) => {
  const ground = await ReleaseGround.start(t);
  const request = ground.request([{ name: 'A_KEY', version: await ground.set('A_KEY') }]);
  await createRelease(ground, ground.launcher, request);
  await ground.set('A_KEY');
  const versions = () => ground.ledger.db.selectFrom('secret_versions').select('version').execute();
  await maintainReleases(ground.ledger, noFaults);
  t.equal((await versions()).length, 2);
  await ground.ledger.write((db) =>
    db.updateTable('releases').set({ expires_at: '2026-01-05T10:00:00.000Z' }).execute(),
  );
  await maintainReleases(ground.ledger, noFaults);
  t.same(await versions(), [{ version: 2 }]);
  t.equal((await ground.ledger.db.selectFrom('releases').select('id').execute()).length, 1);
  await ground.ledger.write((db) =>
    db.updateTable('releases').set({ created_at: '2020-01-05T10:00:00.000Z' }).execute(),
  );
  await maintainReleases(ground.ledger, noFaults);
  t.same(await ground.ledger.db.selectFrom('releases').select('id').execute(), [], 'after the retention');
  t.same(await ground.ledger.db.selectFrom('release_credentials').select('hash').execute(), []);
});
