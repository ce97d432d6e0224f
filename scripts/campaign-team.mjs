// npm run campaign:team [-- --daemons N] [--releases N] [--replicas N] [--seed S] …: releases secrets of a team server with three
// replicas on PostgreSQL to fifty daemons, 200 times each, while replicas and daemons are killed and paused and responses are
// lost. Exit status 1 if a release is lost, doubled or left over. Needs root and PostgreSQL. See docs/reliability.md.
import { startCampaign } from './campaign.mjs';

const DEFAULTS = {
  replicas: 3,
  daemons: 50,
  releases: 200,
  workspaces: 10,
  secrets: 10,
  startPercent: 5,
  faultEvery: 40,
  dropPercent: 3,
  changeEvery: 100,
};

startCampaign({
  main: 'team',
  defaults: DEFAULTS,
  describe: ({ daemons, releases }) => `${daemons} daemons with ${releases} releases each`,
});
