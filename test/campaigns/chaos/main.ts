import { runCampaign, tableOf, type Campaign } from './chaos-campaign.ts';

const campaign = JSON.parse(process.argv[2] ?? '') as Campaign;
const started = performance.now();
const tally = await runCampaign(campaign, (line) => {
  console.log(line);
});
for (const path of tally.leftovers) console.log(`LEFT ${path}`);
console.log(tableOf(tally));
console.log(`seed ${String(campaign.seed)}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
const isWrong = tally.results.some(({ wrong }) => wrong.length > 0);
process.exit(isWrong || tally.leftovers.length > 0 || tally.broken.length > 0 ? 1 : 0);
