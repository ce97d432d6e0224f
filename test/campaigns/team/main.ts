import { standalone } from '../faults/matrix.ts';
import { removeAbandonedDatabases } from './abandoned.ts';
import { runTeamCampaign, tableOf, violationsOf, type Campaign } from './team-campaign.ts';

if (process.argv[2] === '--clean') {
  removeAbandonedDatabases();
  process.exit();
}
const campaign = JSON.parse(process.argv[2] ?? '') as Campaign;
const started = performance.now();
removeAbandonedDatabases();
const alone = standalone();
const stopping = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      reject(new Error(`stopped by ${signal}`));
    });
});
try {
  const tally = await Promise.race([
    stopping,
    runTeamCampaign(alone.test, campaign, (line) => {
      const minutes = ((performance.now() - started) / 60_000).toFixed(1);
      console.log(`${minutes} min: ${line}`);
    }),
  ]);
  if (tally === undefined) throw new Error('The campaign needs root and PostgreSQL.');
  const violations = violationsOf(tally);
  for (const one of violations.slice(0, 100)) console.log(`WRONG ${one}`);
  console.log(tableOf(tally));
  process.exitCode = violations.length > 0 ? 1 : 0;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await alone.end();
}
console.log(`seed ${String(campaign.seed)}, ${((performance.now() - started) / 60_000).toFixed(1)} min`);
process.exit();
