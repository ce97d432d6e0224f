import t from 'tap';
import { accounts } from '../../support/accounts.ts';
import { campaign } from './slurm-campaign.ts';
import { realSlurm } from '../../support/slurm.ts';

/** The whole one, of 100 runs and with kills whose end takes minutes to be sure of: npm run campaign:slurm */
const RUNS = 15;

void t.test('two users, a real Slurm, and processes that are killed at random', async (t) => {
  const users = accounts(t, 2);
  const slurm = users === undefined ? undefined : await realSlurm(t);
  if (users === undefined || slurm === undefined) return;
  const result = await campaign(slurm, users, RUNS, ['nothing', 'head', 'daemon', 'scancel', 'command']);
  for (const told of result.neverBegan) t.comment(`never began, as was told: ${told}`);
  t.ok(result.neverBegan.length <= RUNS / 3, 'most began at once');
  t.same(result.open, [], 'every run has an outcome, and is purged');
  t.same(result.wrong, [], 'which fits what befell it');
  t.same(result.incompleteReceipts, [], 'every receipt is complete');
  t.same(result.leftovers, [], 'nothing is left');
});
