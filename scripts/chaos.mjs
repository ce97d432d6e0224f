// npm run chaos -- --runs N --seed S [--only INDEX] [--side N] [--real]: starts N short runs with random faults, --side N
// of them in parallel. The same seed gives the same faults. --real uses a real Nextflow. See docs/reliability.md.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ensureBuilt,
  ensureCheckedBundle,
  ensureDependencies,
  ensureJava,
  ensureMoto,
  ensureNextflow,
  ensurePlugin,
} from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

runDriver(async () => {
  const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at === -1 ? otherwise : Number(process.argv[at + 1]);
  };
  const isReal = process.argv.includes('--real');
  ensureDependencies();
  ensureBuilt();
  ensureCheckedBundle();
  const moto = isReal ? undefined : ensureMoto();
  if (isReal) {
    ensureJava();
    ensurePlugin();
  }
  const real = isReal ? ensureNextflow() : undefined;
  if (isReal && real === undefined) throw new Error('--real needs Nextflow.');
  const directory = mkdtempSync('/tmp/nf-escrow-chaos-');
  const boot = join(directory, 'boot');
  writeFileSync(boot, readFileSync(BOOT_ID));
  const only = option('only', undefined);
  const campaign = {
    runs: option('runs', 200),
    seed: option('seed', Math.floor(Math.random() * 1e6)),
    side: option('side', isReal ? 3 : 8),
    home: isReal ? 50 : 500,
    aws: moto !== undefined,
    ...(only === undefined ? {} : { only }),
    ...(real === undefined ? {} : { real }),
    // Replacing the boot id needs a mount, so root. Without it, the campaign has no reboots.
    ...(process.getuid() === 0 ? { boot } : {}),
  };
  say(`starting ${campaign.runs} runs with seed ${campaign.seed}`);
  const command = [node, join(root, 'dist/test/campaigns/chaos/main.js'), JSON.stringify(campaign)];
  const bound = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount --bind "$0" ${BOOT_ID} && exec "$@"`,
    boot,
    ...command,
  ];
  const [program, ...args] = campaign.boot === undefined ? command : bound;
  const env = { ...process.env, NODE_NO_WARNINGS: '1', ...(moto ? { NF_ESCROW_TEST_MOTO: moto } : {}) };
  try {
    return spawnSync(program, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
