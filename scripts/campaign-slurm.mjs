// npm run campaign:slurm [-- RUNS]: runs (100) of two users through a real Slurm, with processes killed at random and the
// controller restarted meanwhile; then what is left, what has no outcome, and which receipt is not complete. As root: it
// makes two accounts and starts a Slurm, and takes both away again. Exit status 1 where anything is left.
import { join } from 'node:path';
import { ensureBuilt, ensureSlurm } from './set-up.mjs';
import { root, runDriver, say } from './steps.mjs';

runDriver(async () => {
  ensureBuilt();
  if (!ensureSlurm() || process.getuid() !== 0) throw new Error('This needs a Slurm that root can start.');
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
