// npm run faults [-- --every N] [--side N] [--only TEXT]: every fault at every point in every store, or each Nth of those
// cells; so many side by side. See docs/reliability.md.
import { spawnSync } from 'node:child_process';
import { ensureBuilt, ensureDependencies, ensureMoto, ensurePlugin } from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

runDriver(async () => {
  const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at === -1 ? otherwise : (process.argv[at + 1] ?? otherwise);
  };
  ensureDependencies();
  ensureBuilt();
  if (!ensurePlugin())
    throw new Error('The matrix needs a JDK (17 or later) and Maven: runs on AWS Batch need the plugin.');
  const moto = ensureMoto();
  if (moto === undefined) throw new Error('The matrix needs a Python 3, for moto.');
  say('running the matrix');
  const args = [
    'dist/test/campaigns/faults/run-matrix.js',
    option('every', '1'),
    option('side', '2'),
    option('only', ''),
  ];
  // A mount namespace of its own: only root may have that. Without it a full disk is one of which each step says so.
  const isRoot = process.getuid() === 0;
  const command = [node, ...args, ...(isRoot ? ['mounts'] : [])];
  const [program, ...rest] = isRoot ? ['unshare', '--mount', ...command] : command;
  const env = { ...process.env, NF_ESCROW_TEST_MOTO: moto, NODE_NO_WARNINGS: '1' };
  return spawnSync(program, rest, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
});
