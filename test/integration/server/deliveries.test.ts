// A team server delivers secrets to AWS itself: the launching person gets references, and any replica removes them.
import t from 'tap';
import { createRelease } from '../../../daemon/releases/create-release.ts';
import { createDelivery } from '../../../daemon/deliveries/create-delivery.ts';
import { machineUser } from '../../../daemon/access/principal.ts';
import { until } from '../../support/sandbox.ts';
import { localClaims } from '../../../daemon/deliveries/claims.ts';
import { purgeRelease } from '../../../daemon/deliveries/end-delivery.ts';
import { receiptOfRelease } from '../../../daemon/deliveries/describe-delivery.ts';
import { removeServerEnvironment } from '../../../daemon/compute-envs/server-environments.ts';
import { removeWorkspace } from '../../../daemon/access/workspaces.ts';
import { findWorkspace } from '../../../daemon/access/scopes.ts';
import { listReleases } from '../../../daemon/releases/list-releases.ts';
import { deliveryTests, failsAt, versionsOf } from '../../support/delivery-ground.ts';

t.setTimeout(300_000);

const withGround = deliveryTests(t);

const secretOf = (run: string): string => `nf-escrow/lab.rna/${run}`;

withGround(
  'delivers references, removes the secret when the daemon ends it, and issues a receipt',
  async (t, g) => {
    await g.ground.set('A_KEY');
    await g.ground.set('B_KEY');
    const replica = g.replica('one');
    const wanted = g.request(['B_KEY', 'A_KEY']);
    const { run } = wanted.request;
    const { delivery, isNew } = await g.deliver(replica, wanted);
    t.equal(isNew, true);
    t.same(
      delivery.references.map(({ name }) => name),
      ['A_KEY', 'B_KEY'],
    );
    t.match(
      delivery.references[0]?.valueFrom,
      new RegExp(`:secret:${secretOf(run)}-[A-Za-z0-9]{6}:A_KEY::$`),
    );
    const text = JSON.stringify(delivery);
    for (const value of g.ground.values.values()) t.notOk(text.includes(value), 'the response has no value');
    t.same(await g.aws.secrets(), [secretOf(run)]);
    t.match(g.aws.counts, { 'secretsmanager:CreateSecret': 1, 'sts:GetCallerIdentity': 2 });

    const again = await g.deliver(replica, wanted);
    t.same(again, { delivery, isNew: false });
    t.equal(g.aws.counts['secretsmanager:CreateSecret'], 1, 'a repeated request creates nothing');

    await replica.upkeep.act();
    t.equal((await g.state(run)).state, 'placed', 'not due yet');
    const ended = await g.end(replica, wanted);
    t.equal(ended.state, 'removing');
    const other = g.replica('two');
    await other.upkeep.act();
    t.same(await g.aws.secrets(), []);
    const state = await g.state(run);
    t.match(state, { state: 'removed', endReason: 'run-ended', lastError: null });
    t.match(state.objects, [{ state: 'gone', attempts: 1, evidence: /deleted, then not found twice/ }]);
    t.match(await receiptOfRelease(g.ground.ledger, g.admin, delivery.id), {
      complete: true,
      release: { computeEnvironment: 'batch', delivery: 'removed', purgedAt: String },
      delivery: { objects: [{ state: 'gone' }] },
    });
    t.match(await g.end(replica, wanted), { state: 'removed' }, 'the end can be repeated');
    const stored = JSON.stringify(await g.ground.ledger.db.selectFrom('deliveries').selectAll().execute());
    for (const value of g.ground.values.values()) t.notOk(stored.includes(value), 'the ledger has no value');
  },
);

withGround(
  'rejects a different request for the same run, and one for a run that the daemon serves',
  async (t, g) => {
    await g.ground.set('A_KEY');
    await g.ground.set('B_KEY');
    await g.environment('other');
    const replica = g.replica('one');
    const wanted = g.request(['A_KEY']);
    const { run } = wanted.request;
    await g.deliver(replica, wanted);
    const same = { ...wanted.request };
    for (const request of [
      { ...same, secrets: versionsOf(['B_KEY']) },
      { ...same, computeEnvironment: 'other' },
      { ...same, expires: new Date(Date.parse(same.expires) + 1).toISOString() },
      { ...same, credentialHash: g.request([]).request.credentialHash },
    ])
      await t.rejects(g.deliver(replica, { ...wanted, request }), { code: 'release-conflict' });
    await t.rejects(
      createRelease(g.ground, g.ground.launcher, g.ground.request([{ name: 'A_KEY', version: 1 }], { run })),
      { code: 'release-conflict' },
    );
    const stolen = g.request(['A_KEY'], { credentialHash: same.credentialHash });
    await t.rejects(g.deliver(replica, stolen), { code: 'release-conflict' });
    t.same(await g.aws.secrets(), [secretOf(run)]);
    await g.end(replica, wanted);
    await replica.upkeep.act();
    await t.rejects(g.deliver(replica, wanted), { code: 'release-conflict' }, 'never delivered again');
    t.same(await g.aws.secrets(), []);
  },
);

withGround(
  'delivers nothing without the permission, the secret, its version or the compute environment',
  async (t, g) => {
    await g.ground.set('A_KEY');
    const replica = g.replica('one');
    const eve = await g.ground.user('eve');
    await t.rejects(createDelivery(replica.deps, eve, g.request(['A_KEY']).request), {
      code: 'workspace-not-found',
    });
    await t.rejects(g.deliver(replica, g.request(['NO_KEY'])), { code: 'secret-not-found' });
    await t.rejects(g.deliver(replica, g.request([], { secrets: [{ name: 'A_KEY', version: 7 }] })), {
      code: 'secret-changed',
    });
    await t.rejects(g.deliver(replica, g.request(['A_KEY'], { computeEnvironment: 'none' })), {
      code: 'compute-environment-not-found',
    });
    await t.rejects(g.deliver(replica, g.request(['A_KEY'], { expires: '2020-01-01T00:00:00.000Z' })), {
      code: 'request-unprocessable',
    });
    await t.rejects(g.deliver(replica, g.request([], { secrets: versionsOf(['A_KEY', 'A_KEY']) })), {
      code: 'request-unprocessable',
    });
    t.same(await g.aws.secrets(), []);
    t.same(await g.ground.ledger.db.selectFrom('deliveries').selectAll().execute(), []);
  },
);

withGround('removes what a failed delivery may have created', async (t, g) => {
  await g.ground.set('A_KEY');
  const replica = g.replica('one', { waits: { placing: 500, asking: 300 } });
  g.aws.rules.denied.add('secretsmanager:CreateSecret');
  const denied = g.request(['A_KEY']);
  const hint = /administrator of the server/; // the person who launches has no access to the identity of the server
  await t.rejects(g.deliver(replica, denied), { code: 'aws-denied', hint });
  await replica.upkeep.act();
  t.match(await g.state(denied.request.run), { state: 'removed', endReason: 'failed' });
  g.aws.rules.denied.clear();
  g.aws.rules.known = new Set();
  const unknown = g.request(['A_KEY']);
  const error = await g.deliver(replica, unknown).catch((thrown: unknown) => thrown);
  g.aws.rules.known = undefined;
  t.match(error, { code: 'aws-credentials', hint });
  t.notMatch((error as Error).message, /sso login|daemon/);
  await replica.upkeep.act();
  g.aws.rules.down = true;
  const down = g.request(['A_KEY']);
  await t.rejects(g.deliver(replica, down), { code: 'store-unavailable' });
  await replica.upkeep.act();
  g.aws.rules.down = false;
  await g.makeDue(down.request.run);
  await replica.upkeep.act();
  t.match(await g.state(down.request.run), { state: 'removed', endReason: 'failed' });
  t.same(await g.aws.secrets(), []);
});

withGround('adopts a secret whose reply was lost, and removes one that is created late', async (t, g) => {
  await g.ground.set('A_KEY');
  const replica = g.replica('one', { waits: { placing: 5000 } });
  g.aws.rules.losing = 1;
  const lost = g.request(['A_KEY']);
  await g.deliver(replica, lost);
  t.same(await g.aws.secrets(), [secretOf(lost.request.run)]);
  await g.end(replica, lost);
  await replica.upkeep.act();
  t.same(await g.aws.secrets(), []);

  const impatient = g.replica('two', { waits: { placing: 200, late: 2500, apart: 500 } });
  g.aws.rules.holding.push(1500, 1500, 1500);
  const late = g.request(['A_KEY']);
  await t.rejects(g.deliver(impatient, late), { code: 'store-unavailable' });
  await impatient.upkeep.act();
  t.match(await g.state(late.request.run), { state: 'removing', lastError: /may still be carried out/ });
  await g.aws.quiet();
  await until('the late secret is removed', async () => {
    await g.makeDue(late.request.run);
    await impatient.upkeep.act();
    return (await g.state(late.request.run)).state === 'removed';
  });
  t.equal((await g.state(late.request.run)).state, 'removed');
  t.same(await g.aws.secrets(), []);
});

withGround('keeps a pending removal visible and retries it', async (t, g) => {
  await g.ground.set('A_KEY');
  const replica = g.replica('one', { waits: { asking: 200 } });
  const wanted = g.request(['A_KEY']);
  await g.deliver(replica, wanted);
  g.aws.rules.denied.add('secretsmanager:DeleteSecret');
  await g.end(replica, wanted);
  await replica.upkeep.act();
  const pending = await g.state(wanted.request.run);
  t.match(pending, { state: 'removing', lastError: /DeleteSecret/ });
  const { items } = await listReleases(g.ground.ledger.db, g.admin, { limit: 10, removal: 'pending' });
  t.match(items, [{ run: wanted.request.run, delivery: 'removing', purgedAt: null }]);
  await replica.upkeep.act();
  t.equal((await g.state(wanted.request.run)).objects[0]?.attempts, 1, 'not before the pause');
  g.aws.rules.denied.clear();
  await g.makeDue(wanted.request.run);
  await replica.upkeep.act();
  t.match(await g.state(wanted.request.run), { state: 'removed', lastError: null });
  t.same(await g.aws.secrets(), []);
});

withGround(
  'refuses to remove a workspace or its compute environment while it holds secrets',
  async (t, g) => {
    await g.ground.set('A_KEY');
    const { ledger } = g.ground;
    const replica = g.replica('one');
    const wanted = g.request(['A_KEY']);
    await g.deliver(replica, wanted);
    const scope = await findWorkspace(ledger.db, 'lab/rna');
    await t.rejects(removeServerEnvironment(ledger, g.admin, scope, 'batch'), { code: 'in-use' });
    await t.rejects(removeWorkspace(ledger, machineUser(), scope), { code: 'in-use' });
    await t.rejects(removeServerEnvironment(ledger, g.ground.launcher, scope, 'batch'), {
      code: 'not-permitted',
    });
    await g.end(replica, wanted);
    await replica.upkeep.act();
    await removeServerEnvironment(ledger, g.admin, scope, 'batch');
    await g.environment('batch');
    await removeWorkspace(ledger, machineUser(), scope);
    t.same(await ledger.db.selectFrom('server_environments').selectAll().execute(), []);
  },
);

withGround('lets an admin purge a release, with force while the run may be alive', async (t, g) => {
  await g.ground.set('A_KEY');
  const replica = g.replica('one');
  const wanted = g.request(['A_KEY']);
  const { delivery } = await g.deliver(replica, wanted);
  await g.report(replica, wanted, 1);
  const eve = await g.ground.user('eve');
  await t.rejects(purgeRelease(replica.deps, eve, delivery.id, { force: true }), {
    code: 'release-not-found',
  });
  await g.join(eve, 'member');
  await g.ground.member(g.ground.workspaceId, eve, 'launch');
  await t.rejects(purgeRelease(replica.deps, eve, delivery.id, { force: true }), { code: 'not-permitted' });
  await t.rejects(purgeRelease(replica.deps, g.admin, delivery.id, {}), { code: 'run-alive' });
  t.match(await purgeRelease(replica.deps, g.admin, delivery.id, { force: true }), {
    state: 'removing',
    endReason: 'requested',
  });
  await replica.upkeep.act();
  t.same(await g.aws.secrets(), []);
  await g.report(replica, wanted, 2);
  t.equal((await g.state(wanted.request.run)).state, 'removed', 'a later report does not bring it back');
  t.ok((await g.row(wanted.request.run)).purged_at);
});

withGround('removes what a replica was creating when it ended', async (t, g) => {
  await g.ground.set('A_KEY');
  for (const point of [
    'after delivery.commit',
    'after delivery.intend',
    'after delivery.note-sent',
    'after delivery.place',
    'after delivery.record-placed',
    'after delivery.complete',
  ]) {
    // The process ends at this point: nothing that follows runs.
    let reach = (): void => undefined;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const killed = g.replica('killed', {
      faults: async (at) => {
        if (at !== point) return;
        reach();
        await new Promise(() => undefined);
      },
      claimSeconds: 1,
    });
    const wanted = g.request(['A_KEY']);
    void g.deliver(killed, wanted).catch(() => undefined);
    await reached;
    const survivor = g.replica('survivor');
    if (!g.ground.ledger.isShared) {
      // A restarted process has no claims.
      Object.assign(survivor.deps, { claims: localClaims(g.ground.ledger) });
    }
    const isComplete = point === 'after delivery.complete';
    if (isComplete) await g.end(survivor, wanted);
    await until('the claim of the killed replica has expired', async () => {
      if (!isComplete) await g.makeDue(wanted.request.run);
      await survivor.upkeep.act();
      return (await g.state(wanted.request.run)).state === 'removed';
    });
    const state = await g.state(wanted.request.run);
    t.match(state, { state: 'removed', endReason: isComplete ? 'run-ended' : 'interrupted' }, point);
    t.same(await g.aws.secrets(), [], point);
  }
});

withGround('fails in the middle and removes what exists', async (t, g) => {
  await g.ground.set('A_KEY');
  for (const point of ['before delivery.place', 'after delivery.place', 'before delivery.complete']) {
    const replica = g.replica('one', { faults: failsAt(point) });
    const wanted = g.request(['A_KEY']);
    await t.rejects(g.deliver(replica, wanted), /a fault of the test/, point);
    await replica.upkeep.act();
    t.match(await g.state(wanted.request.run), { state: 'removed', endReason: 'failed' }, point);
    t.same(await g.aws.secrets(), [], point);
  }
});
