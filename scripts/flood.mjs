// npm run flood -- [--size N] [--only NAME] [--limit MS]: a task floods what the daemon watches with N lines, by default a
// million, while /v1/health is asked for all the time. Fails where an answer takes longer than the limit, by default 250 ms.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureDependencies } from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

runDriver(async () => {
  const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at === -1 ? otherwise : process.argv[at + 1];
  };
  ensureDependencies();
  ensureBuilt();
  const campaign = {
    size: Number(option('size', 1_000_000)),
    limit: Number(option('limit', 250)),
    only: option('only', ''),
  };
  say(`a flood of ${campaign.size} lines`);
  const args = [join(root, 'dist/test/campaigns/flood/main.js'), JSON.stringify(campaign)];
  const env = { ...process.env, NODE_NO_WARNINGS: '1' };
  return spawnSync(node, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
});
