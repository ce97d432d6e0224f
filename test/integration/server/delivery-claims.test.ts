// Replicas that are paused, that act at the same time, or that lose their claim create nothing late and remove nothing twice.
import t, { type Test } from 'tap';
import { deliveryTests, type DeliveryGround } from '../../support/delivery-ground.ts';
import { until } from '../../support/sandbox.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';

t.setTimeout(300_000);

const withGround = deliveryTests(t, ['A_KEY']);
const CREATE = 'secretsmanager:CreateSecret';

/** Stops at a point until it is opened. */
function gateAt(point: string) {
  let [open, reach] = [(): void => undefined, (): void => undefined];
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const faults = async (at: string): Promise<void> => {
    if (at !== point) return;
    reach();
    await opened;
  };
  return { faults, reached, open: () => open() };
}

/** Lets a replica stop at a point of a delivery, and another one end the delivery and act on that. */
async function endedAt(t: Test, g: DeliveryGround, point: string) {
  const gate = gateAt(point);
  const slow = g.replica('slow', { faults: gate.faults });
  const other = g.replica('other');
  const wanted = g.request(['A_KEY']);
  const delivering = g.deliver(slow, wanted);
  void delivering.catch(() => undefined);
  await gate.reached;
  t.match(await g.end(other, wanted), { state: 'removing' });
  await other.upkeep.act();
  return { gate, other, wanted, delivering };
}

withGround('creates nothing after a pause of 20 minutes', async (t, g) => {
  let ahead = 0;
  const clock = { ...systemClock, monotonic: () => performance.now() + ahead };
  const gate = gateAt('after delivery.note-sent');
  const paused = g.replica('paused', { faults: gate.faults, clock });
  const wanted = g.request(['A_KEY']);
  const delivering = g.deliver(paused, wanted);
  await gate.reached;
  ahead = 20 * 60_000; // as after SIGSTOP: the monotonic clock has continued
  gate.open();
  await t.rejects(delivering, { code: 'store-unavailable', message: /paused for 1200 s/ });
  t.equal(g.aws.counts[CREATE], undefined, 'no request was signed');
  await paused.upkeep.act();
  t.match(await g.state(wanted.request.run), { state: 'removed', endReason: 'failed' });
  t.same(await g.aws.secrets(), []);
});

withGround('does not create what was declared absent while its replica was paused', async (t, g) => {
  if (!g.ground.ledger.isShared) return; // SQLite has one process
  for (const point of ['before delivery.intend', 'before delivery.note-sent', 'before delivery.place']) {
    const before = g.aws.counts[CREATE];
    const gate = gateAt(point);
    const paused = g.replica('paused', { faults: gate.faults, claimSeconds: 1 });
    const survivor = g.replica('survivor');
    const wanted = g.request(['A_KEY']);
    const delivering = g.deliver(paused, wanted);
    void delivering.catch(() => undefined);
    await gate.reached;
    await until('another replica has removed it', async () => {
      await g.makeDue(wanted.request.run);
      await survivor.upkeep.act();
      return (await g.state(wanted.request.run)).state === 'removed';
    });
    gate.open();
    await t.rejects(delivering, { code: 'claim-lost' }, point);
    t.equal(g.aws.counts[CREATE], before, point);
    t.match(await g.state(wanted.request.run), { state: 'removed', endReason: 'interrupted' }, point);
  }
});

withGround(
  'creates nothing for a delivery that its daemon ends before the object is created',
  async (t, g) => {
    const { gate, other, wanted, delivering } = await endedAt(t, g, 'before delivery.note-sent');
    t.equal(
      (await g.state(wanted.request.run)).state,
      'removing',
      'the replica that creates it has claimed it',
    );
    gate.open();
    await t.rejects(delivering, { code: 'state-conflict' });
    t.equal(g.aws.counts[CREATE], undefined);
    await other.upkeep.act();
    t.equal((await g.state(wanted.request.run)).state, 'removed');
  },
);

withGround('records no lease for a delivery that was removed before its replica claimed it', async (t, g) => {
  const { gate, wanted, delivering } = await endedAt(t, g, 'before work.claim');
  gate.open();
  await t.rejects(delivering, { code: 'state-conflict' });
  t.equal(g.aws.counts[CREATE], undefined);
  const { state, objects } = await g.state(wanted.request.run);
  t.same({ state, objects }, { state: 'removed', objects: [] });
});

withGround('answers a repeated request when the first one is complete', async (t, g) => {
  const gate = gateAt('before delivery.place');
  const [first, second] = [g.replica('first', { faults: gate.faults }), g.replica('second')];
  const wanted = g.request(['A_KEY']);
  const delivering = g.deliver(first, wanted);
  await gate.reached;
  const repeating = g.deliver(second, wanted);
  gate.open();
  const [one, other] = await Promise.all([delivering, repeating]);
  t.same([one.isNew, other.isNew], [true, false]);
  t.same(other.delivery, one.delivery);
  t.equal(g.aws.counts[CREATE], 1);
});

withGround('lets one of several replicas remove each delivery', async (t, g) => {
  const replicas = ['one', 'two', 'three'].map((name) => g.replica(name));
  const [creator] = replicas;
  if (creator === undefined) throw new Error('there are three replicas');
  const all = Array.from({ length: 12 }, () => g.request(['A_KEY']));
  await Promise.all(all.map((wanted) => g.deliver(creator, wanted)));
  await Promise.all(all.map((wanted) => g.end(creator, wanted)));
  await Promise.all(replicas.map(({ upkeep }) => upkeep.act()));
  await creator.upkeep.act();
  t.same(await g.aws.secrets(), []);
  t.equal(g.aws.counts['secretsmanager:DeleteSecret'], all.length, 'each was deleted once');
  for (const { request } of all) t.equal((await g.state(request.run)).state, 'removed');
});

withGround('delivers 100 runs at once although AWS throttles', async (t, g) => {
  const replica = g.replica('one', { waits: { placing: 40_000, asking: 20_000 } });
  g.aws.rules.perSecond = 50;
  const all = Array.from({ length: 100 }, () => g.request(['A_KEY']));
  await Promise.all(all.map((wanted) => g.deliver(replica, wanted)));
  t.equal((await g.aws.secrets()).length, 100);
  await Promise.all(all.map((wanted) => g.end(replica, wanted)));
  await until('all are removed', async () => {
    await replica.upkeep.act();
    return (await g.aws.secrets()).length === 0;
  });
});
