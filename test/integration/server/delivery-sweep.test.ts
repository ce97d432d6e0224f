// After a restore or a failover, the ledger may lack deliveries: replicas search AWS for secrets of this server that no delivery names.
import t from 'tap';
import { requestSweep, sweepIfDue } from '../../../daemon/server/sweep-lost.ts';
import type { PostgresLedger } from '../../../daemon/ledger/postgres/open.ts';
import { deliveryTests, DeliveryGround, type Replica } from '../../support/delivery-ground.ts';

t.setTimeout(300_000);

const withGround = deliveryTests(t, ['A_KEY']);
const DAY_SECONDS = 24 * 3600;

async function sweep({ ground: { ledger } }: DeliveryGround, { deps }: Replica): Promise<void> {
  const postgres = ledger.isShared ? (ledger as PostgresLedger) : undefined;
  await sweepIfDue({ ledger, postgres: postgres as never }, deps);
}

/** Deletes what the ledger knows of a delivery, as if it had been committed after a backup. */
async function forget({ ground: { ledger } }: DeliveryGround, run: string): Promise<void> {
  await ledger.write(async (db) => {
    const { id } = await db
      .selectFrom('releases')
      .select('id')
      .where('run_id', '=', run)
      .executeTakeFirstOrThrow();
    await db.deleteFrom('delivery_leases').where('delivery_id', '=', id).execute();
    await db.deleteFrom('deliveries').where('id', '=', id).execute();
    await db.deleteFrom('release_credentials').where('release_id', '=', id).execute();
    await db.deleteFrom('release_pins').where('release_id', '=', id).execute();
    await db.deleteFrom('releases').where('id', '=', id).execute();
  });
}

withGround('removes expired secrets that no delivery names, and never those of a live one', async (t, g) => {
  const expired = { lease: -3 * DAY_SECONDS, extension: 3600, renewal: 3600, creation: 60 };
  const [old, fresh] = [g.replica('old', { lease: expired }), g.replica('fresh')];
  const [live, lost, recent] = [g.request(['A_KEY']), g.request(['A_KEY']), g.request(['A_KEY'])];
  await g.deliver(old, live); // its expiry in AWS has passed, but the ledger has it
  await g.deliver(old, lost);
  await g.deliver(fresh, recent);
  g.aws.rules.ageMs = 3 * DAY_SECONDS * 1000;
  for (const { request } of [lost, recent]) await forget(g, request.run);
  const nameOf = (run: string): string => `nf-escrow/lab.rna/${run}`;
  const all = [live, lost, recent].map(({ request }) => nameOf(request.run)).sort();
  await sweep(g, fresh);
  t.same(await g.aws.secrets(), all, 'nothing without a restore');
  await g.ground.ledger.write((db) => requestSweep(db, g.ground.ledger.clock.now()));
  await sweep(g, fresh);
  const kept = [live, recent].map(({ request }) => nameOf(request.run)).sort();
  t.same(await g.aws.secrets(), kept, 'a run that may be alive keeps its secret');
  const events = await g.ground.ledger.db
    .selectFrom('journal')
    .select(['data', 'place'])
    .where('type', '=', 'server.swept')
    .execute();
  t.equal(events.length, 1);
  t.match(JSON.parse(events[0]?.data ?? ''), { removed: [new RegExp(nameOf(lost.request.run))], failed: [] });
  t.equal(events[0]?.place, '*', 'only administrators see it');
  const calls = g.aws.calls.length;
  await sweep(g, fresh);
  t.equal(g.aws.calls.length, calls, 'the next sweep is not due yet');
});

withGround('records that a place could not be searched, and searches again', async (t, g) => {
  const replica = g.replica('one', { waits: { asking: 200 } });
  g.aws.rules.denied.add('secretsmanager:ListSecrets');
  await g.ground.ledger.write((db) => requestSweep(db, g.ground.ledger.clock.now()));
  await sweep(g, replica);
  const event = await g.ground.ledger.db
    .selectFrom('journal')
    .select('data')
    .where('type', '=', 'server.swept')
    .executeTakeFirst();
  t.match(JSON.parse(event?.data ?? '{}'), { failed: [/^batch: .*ListSecrets/] });
});
