// npm run campaign:slurm [-- RUNS]: starts RUNS (100) runs of two users in a real Slurm, kills processes at random and
// restarts the controller, then reports leftovers, runs without an outcome and incomplete receipts. Needs root: it creates
// two accounts and starts a Slurm, and removes both at the end. Exit status 1 if it reports any.
import { join } from 'node:path';
import { ensureBuilt, ensureSlurm } from './set-up.mjs';
import { root, runDriver, say } from './steps.mjs';

runDriver(async () => {
  ensureBuilt();
  if (!ensureSlurm() || process.getuid() !== 0)
    throw new Error('The campaign needs root and an installed Slurm.');
  const [{ accounts }, { campaign }, { makeSlurm }] = await Promise.all(
    ['support/accounts', 'campaigns/slurm/slurm-campaign', 'support/slurm'].map(
      (name) => import(join(root, `dist/test/${name}.js`)),
    ),
  );
  const runs = Number(process.argv.find((word) => /^[0-9]+$/.test(word)) ?? 100);
  const tidy = [];
  const users = accounts({ teardown: (step) => tidy.push(step), pass: say }, 2);
  const slurm = makeSlurm();
  try {
    await slurm.start();
    const start = performance.now();
    const result = await campaign(slurm, users, runs, undefined, say);
    const bad = ['open', 'wrong', 'incompleteReceipts', 'leftovers'];
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(
      `${result.runs} runs in ${((performance.now() - start) / 60_000).toFixed(1)} min; ${bad.map((key) => `${key}: ${result[key].length}`).join(', ')}\n`,
    );
    return bad.some((key) => result[key].length > 0) ? 1 : 0;
  } finally {
    await slurm.stop();
    for (const step of tidy) step();
  }
});
