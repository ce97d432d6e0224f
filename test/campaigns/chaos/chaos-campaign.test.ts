// A small campaign. `npm run chaos` starts large ones.
import t from 'tap';
import { runCampaign, tableOf } from './chaos-campaign.ts';

void t.test('runs with random faults leave no secrets and report their true outcome', async (t) => {
  const seed = 1;
  const campaign = {
    runs: 60,
    seed,
    side: 6,
    home: 60,
    aws: process.env['NF_ESCROW_TEST_MOTO'] !== undefined,
  };
  const tally = await runCampaign(campaign, (line) => {
    t.comment(line);
  });
  t.comment(`seed ${String(seed)}\n${tableOf(tally)}`);
  t.same(tally.leftovers, []);
  t.same(tally.broken, []);
  t.same(
    tally.results.filter(({ wrong }) => wrong.length > 0),
    [],
  );
});
