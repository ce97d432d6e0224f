// npm run faults [-- --every N [--offset K]] [--side N] [--only TEXT]: injects every fault at every point in every store, or
// in every Nth of these cells, counted from K (default 0), or in those with TEXT in their names; --side N in parallel. The
// offsets 0 to N - 1 together are the whole matrix, for a machine that cannot run it in one go. See docs/reliability.md.
import { spawnSync } from 'node:child_process';
import { ensureBuilt, ensureCheckedBundle, ensureDependencies, ensureMoto, ensurePlugin } from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

runDriver(async () => {
  const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at === -1 ? otherwise : (process.argv[at + 1] ?? otherwise);
  };
  ensureDependencies();
  ensureBuilt();
  ensureCheckedBundle();
  if (!ensurePlugin())
    throw new Error(
      'The fault matrix needs a JDK (17 or later) and Maven to build the plugin for AWS Batch.',
    );
  const moto = ensureMoto();
  if (moto === undefined) throw new Error('The fault matrix needs Python 3 for moto.');
  say('running the fault matrix');
  const args = [
    'dist/test/campaigns/faults/run-matrix.js',
    option('every', '1'),
    option('side', '2'),
    option('only', ''),
    option('offset', '0'),
  ];
  // A full disk needs a mount namespace, so root. Without it, the fault makes each step fail instead.
  const isRoot = process.getuid() === 0;
  const command = [node, ...args, ...(isRoot ? ['mounts'] : [])];
  const [program, ...rest] = isRoot ? ['unshare', '--mount', ...command] : command;
  const env = { ...process.env, NF_ESCROW_TEST_MOTO: moto, NODE_NO_WARNINGS: '1' };
  return spawnSync(program, rest, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
});
