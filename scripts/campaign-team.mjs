// npm run campaign:team [-- --daemons N] [--releases N] [--replicas N] [--seed S] …: releases secrets of a team server with three
// replicas on PostgreSQL to fifty daemons, 200 times each, while replicas and daemons are killed and paused and responses are
// lost. Exit status 1 if a release is lost, doubled or left over. Needs root and PostgreSQL. See docs/reliability.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ensureBuilt, ensureDependencies } from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

const DEFAULTS = {
  replicas: 3,
  daemons: 50,
  releases: 200,
  workspaces: 10,
  secrets: 10,
  startPercent: 5,
  faultEvery: 40,
  dropPercent: 3,
  changeEvery: 100,
};

runDriver(async () => {
  ensureDependencies();
  ensureBuilt();
  if (process.getuid() !== 0) throw new Error('The campaign needs root.');
  const campaign = { seed: Math.floor(Math.random() * 1e6), ...DEFAULTS };
  const options = process.argv.slice(2);
  for (let index = 0; index < options.length; index += 2) {
    const name = options[index].replace(/^--/, '').replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
    const value = Number(options[index + 1]);
    if (!(name in campaign) || !Number.isSafeInteger(value) || value < 0)
      throw new Error(
        `Invalid option ${options[index]}. Options with a number: ${Object.keys(campaign).join(', ')}.`,
      );
    campaign[name] = value;
  }
  say(`${campaign.daemons} daemons with ${campaign.releases} releases each, seed ${campaign.seed}`);
  const main = join(root, 'dist/test/campaigns/team/main.js');
  const child = spawn(node, [main, JSON.stringify(campaign)], {
    cwd: root,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
    stdio: 'inherit',
  });
  // The campaign itself handles these, ends its processes and removes the database.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const [status] = await once(child, 'exit');
  if (status === null) await once(spawn(node, [main, '--clean'], { cwd: root, stdio: 'inherit' }), 'exit');
  return status ?? 1;
});
