// A small campaign. `npm run campaign:deliveries` starts large ones.
import t from 'tap';
import { runDeliveriesCampaign, tableOf, violationsOf } from './deliveries-campaign.ts';
import { faultKinds } from './fault-plan.ts';

void t.test('leaves no secret in AWS and removes none of a live run while everything fails', async (t) => {
  t.setTimeout(900_000);
  const seed = 1;
  const tally = await runDeliveriesCampaign(
    t,
    {
      ...{ seed, replicas: 3, daemons: 4, workspaces: 2, lostPercent: 4, perSecond: 50 },
      ...{ runs: 10, atOnce: 3, faultEvery: 4, burst: 20, dropPercent: 10 },
    },
    (line) => {
      t.comment(line);
    },
  );
  if (tally === undefined) return;
  t.comment(`seed ${String(seed)}\n${tableOf(tally)}`);
  t.same(violationsOf(tally), []);
  for (const kind of faultKinds) t.ok((tally.faults[kind] ?? 0) > 0, `${kind} has happened`);
  t.ok(
    tally.runs.some(({ delivery }) => delivery !== undefined),
    'runs got their secrets',
  );
});
