import { runApiCampaign, type ApiCampaign } from './api-campaign.ts';

const campaign = JSON.parse(process.argv[2] ?? '') as ApiCampaign;
const teardowns: (() => unknown)[] = [];
const t = { teardown: (work: () => unknown) => void teardowns.push(work) };
const { output, statuses, cases, restarts, status } = await runApiCampaign(t, campaign, (line) => {
  console.log(line);
});
for (const work of teardowns.reverse()) await work();
console.log(output);
console.log(
  `${String(cases)} requests, ${String(restarts)} restarts of the daemon, by status ${JSON.stringify(statuses)}`,
);
process.exit(status ?? 1);
