import { runFlood, tableOf, type FloodCampaign } from './flood-campaign.ts';

const campaign = JSON.parse(process.argv[2] ?? '') as FloodCampaign & { readonly limit: number };
const teardowns: (() => unknown)[] = [];
const results = await runFlood(
  { teardown: (work: () => unknown) => teardowns.push(work) },
  campaign,
  (line) => {
    console.log(line);
  },
);
for (const work of teardowns.reverse()) await work();
console.log(tableOf(results));
const isWrong = results.some(({ wrong, health }) => wrong.length > 0 || health.worst > campaign.limit);
process.exit(isWrong ? 1 : 0);
