// What a team server has delivered expires without reports, unless jobs still use it or no replica could receive reports.
import t, { type Test } from 'tap';
import { noteAvailable, missedSeconds } from '../../../daemon/releases/availability.ts';
import { noFaults } from '../../../daemon/system/steps.ts';
import { active, register } from '../../support/aws/batch.ts';
import {
  deliveryTests,
  DeliveryGround,
  type Replica,
  type Requested,
} from '../../support/delivery-ground.ts';

t.setTimeout(300_000);

const withGround = deliveryTests(t, ['A_KEY']);

/** Runs a test on each ledger with one delivery. */
function withDelivery(
  title: string,
  body: (
    t: Test,
    found: { g: DeliveryGround; replica: Replica; wanted: Requested; arn: string },
  ) => Promise<void>,
): void {
  withGround(title, async (t, g) => {
    const replica = g.replica('one', { waits: { asking: 200 } });
    const wanted = g.request(['A_KEY']);
    const { delivery } = await g.deliver(replica, wanted);
    const arn = delivery.references[0]?.valueFrom.replace(/:A_KEY::$/, '') ?? '';
    await body(t, { g, replica, wanted, arn });
  });
}

/** Answers about the jobs of the queue as AWS does. `secrets`: of the running job. */
function runJob(g: DeliveryGround, secrets: readonly string[]): void {
  const job = { jobId: '00000000-0000-4000-8000-000000000000', jobName: 'task' };
  const container = { secrets: secrets.map((valueFrom) => ({ name: 'A_KEY', valueFrom })) };
  g.aws.batch = async (action, body) => {
    if (action === 'listjobs')
      return Promise.resolve({ jobSummaryList: body.includes('"RUNNING"') ? [job] : [] });
    return Promise.resolve(
      action === 'describejobs' ? { jobs: [{ ...job, status: 'RUNNING', container }] } : undefined,
    );
  };
}

withDelivery('lasts 24 hours from each report', async (t, { g, replica, wanted }) => {
  const hours = async (): Promise<number> =>
    (Date.parse((await g.row(wanted.request.run)).expires_at) - g.ground.ledger.clock.now()) / 3_600_000;
  t.ok(Math.abs((await hours()) - 24) < 0.1);
  await g.makeDue(wanted.request.run, { expired: true });
  await g.report(replica, wanted, 1);
  t.ok(Math.abs((await hours()) - 24) < 0.1);
  await replica.upkeep.act();
  t.match(await g.state(wanted.request.run), { state: 'placed' });
  t.ok(
    g.aws.calls.some(({ action }) => action === 'secretsmanager:TagResource'),
    'the expiry that is stored with the secret is renewed',
  );
  t.ok((await g.row(wanted.request.run)).next_at > new Date().toISOString(), 'no longer due');
});

withDelivery(
  'is removed after its expiry, with its job definitions',
  async (t, { g, replica, wanted, arn }) => {
    const ours = await register(
      g.aws,
      'nf-escrow-ours',
      { 'nf-escrow:run': wanted.request.run },
      { A_KEY: `${arn}:A_KEY::` },
    );
    const others = await register(g.aws, 'nf-others', {}, { B_KEY: `${arn.slice(0, -7)}x-a1b2c3:B_KEY::` });
    const plain = await register(g.aws, 'nf-plain', { 'nf-escrow:run': wanted.request.run });
    await g.makeDue(wanted.request.run, { expired: true });
    await replica.upkeep.act();
    t.match(await g.state(wanted.request.run), { state: 'removed', endReason: 'expired' });
    t.same(await g.aws.secrets(), []);
    const left = await active(g.aws);
    t.notOk(left.includes(ours));
    t.ok(
      left.includes(others) && left.includes(plain),
      'definitions without references to the secret are kept',
    );
  },
);

withDelivery('is extended while an unfinished job uses it', async (t, { g, replica, wanted, arn }) => {
  runJob(g, [`${arn}:A_KEY::`]);
  await g.makeDue(wanted.request.run, { expired: true });
  await replica.upkeep.act();
  const extended = await g.state(wanted.request.run);
  t.equal(extended.state, 'placed');
  const minutes = (Date.parse(extended.expires) - g.ground.ledger.clock.now()) / 60_000;
  t.ok(minutes > 55 && minutes < 65, 'for an hour');
  runJob(g, [`${arn}x:A_KEY::`, `${arn.slice(0, -7)}/2-a1b2c3:A_KEY::`]);
  await g.makeDue(wanted.request.run, { expired: true });
  await replica.upkeep.act();
  t.match(await g.state(wanted.request.run), { state: 'removed' }, 'jobs of other runs do not extend it');
});

withDelivery(
  'is kept while jobs cannot be looked for, for one further lease',
  async (t, { g, replica, wanted }) => {
    g.aws.rules.denied.add('batch:listjobs');
    await g.makeDue(wanted.request.run, { expired: true });
    await replica.upkeep.act();
    t.match(await g.state(wanted.request.run), {
      state: 'placed',
      lastError: /cannot look for unfinished jobs/,
    });
    const long = new Date(g.ground.ledger.clock.now() - 25 * 3_600_000).toISOString();
    await g.ground.ledger.write((db) =>
      db.updateTable('deliveries').set({ expires_at: long, next_at: long }).execute(),
    );
    await replica.upkeep.act();
    t.match(await g.state(wanted.request.run), { state: 'removed', endReason: 'expired' });
  },
);

withDelivery(
  'does not expire for time in which no replica could receive reports',
  async (t, { g, replica, wanted }) => {
    const { ledger } = g.ground;
    const at = ledger.clock.now() - 5 * 3_600_000;
    const before = await missedSeconds(ledger.db);
    await ledger.write((db) =>
      db
        .updateTable('meta')
        .set({ value: JSON.stringify({ at, missed: before }) })
        .where('key', '=', 'availability')
        .execute(),
    );
    await ledger.write((db) =>
      db
        .insertInto('meta')
        .values({ key: 'availability', value: JSON.stringify({ at, missed: before }) })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
    // Would have expired two hours ago, while the server was down.
    const expired = new Date(ledger.clock.now() - 2 * 3_600_000).toISOString();
    await ledger.write((db) =>
      db.updateTable('deliveries').set({ expires_at: expired, next_at: expired }).execute(),
    );
    await replica.upkeep.act();
    t.match(await g.state(wanted.request.run), { state: 'placed' });
    t.equal(await missedSeconds(ledger.db), before + 5 * 3600);
    await noteAvailable(ledger, noFaults);
    t.equal(await missedSeconds(ledger.db), before + 5 * 3600, 'replicas that note often miss nothing');
    const later = new Date(ledger.clock.now() - 6 * 3_600_000).toISOString();
    await ledger.write((db) =>
      db.updateTable('deliveries').set({ expires_at: later, next_at: later }).execute(),
    );
    await replica.upkeep.act();
    t.match(await g.state(wanted.request.run), { state: 'removed', endReason: 'expired' });
  },
);
