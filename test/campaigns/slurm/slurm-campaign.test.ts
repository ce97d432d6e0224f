import t from 'tap';
import { accounts } from '../../support/accounts.ts';
import { campaign } from './slurm-campaign.ts';
import { realSlurm } from '../../support/slurm.ts';

/** `npm run campaign:slurm` has 100 runs and all kinds of kills, some of which take minutes to be recognized. */
const RUNS = 15;

void t.test('runs of two users in a real Slurm survive randomly killed processes', async (t) => {
  const users = accounts(t, 2);
  const slurm = users === undefined ? undefined : await realSlurm(t);
  if (users === undefined || slurm === undefined) return;
  const result = await campaign(slurm, users, RUNS, ['nothing', 'head', 'daemon', 'scancel', 'command']);
  for (const report of result.neverBegan) t.comment(`aborted before its start: ${report}`);
  t.ok(result.neverBegan.length <= RUNS / 3, 'most runs start at the first attempt');
  t.same(result.open, [], 'every run has an outcome and is purged');
  t.same(result.wrong, [], 'every outcome fits the fault');
  t.same(result.incompleteReceipts, [], 'every receipt is complete');
  t.same(result.leftovers, [], 'no secret remains');
});
