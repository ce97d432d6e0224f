// A small campaign. `npm run campaign:team` starts large ones.
import t from 'tap';
import { runTeamCampaign, tableOf, violationsOf } from './team-campaign.ts';

void t.test('no release is lost or doubled while replicas and daemons are killed', async (t) => {
  t.setTimeout(900_000);
  const seed = 1;
  const tally = await runTeamCampaign(
    t,
    {
      ...{ seed, replicas: 3, daemons: 3, workspaces: 2, secrets: 4, startPercent: 40, releases: 12 },
      ...{ faultEvery: 6, dropPercent: 10, changeEvery: 9 },
    },
    (line) => {
      t.comment(line);
    },
  );
  if (tally === undefined) return;
  t.comment(`seed ${String(seed)}\n${tableOf(tally)}`);
  t.same(violationsOf(tally), []);
  t.equal(tally.delivered, 36);
  t.ok((tally.responses['dropped'] ?? 0) > 0, 'the proxy has dropped responses');
});
