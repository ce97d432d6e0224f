// npm run campaign:deliveries [-- --runs N] [--daemons N] [--replicas N] [--seed S] …: requests deliveries of a team server with three
// replicas to an emulated AWS, while replicas, PostgreSQL and AWS fail. Exit status 1 if a secret is left over, removed while its run is alive, or
// delivered without an audit event. Needs root, PostgreSQL and Python 3. See docs/reliability.md.
import { startCampaign } from './campaign.mjs';
import { ensureMoto } from './set-up.mjs';

const DEFAULTS = {
  replicas: 3,
  daemons: 10,
  runs: 200,
  atOnce: 4,
  workspaces: 5,
  lostPercent: 3,
  perSecond: 50,
  burst: 100,
  faultEvery: 20,
  dropPercent: 5,
};

startCampaign({
  main: 'deliveries',
  defaults: DEFAULTS,
  describe: ({ daemons, runs }) => `${daemons} daemons with ${runs} runs each`,
  environment: () => {
    const moto = ensureMoto();
    if (moto === undefined) throw new Error('The campaign needs Python 3 for moto.');
    return { NF_ESCROW_TEST_MOTO: moto };
  },
});
