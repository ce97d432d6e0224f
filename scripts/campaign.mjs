// Starts a campaign with a team server. Options with a number change its size. Each campaign has a script, which names the defaults.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ensureBuilt, ensureCheckedBundle, ensureDependencies } from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

/**
 * Builds what is missing and runs a campaign. `main`: its folder in test/campaigns. `defaults`: its options. `describe`: returns its size in
 * words. `environment`: returns further variables.
 */
export function startCampaign({ main, defaults, describe, environment = () => ({}) }) {
  runDriver(async () => {
    ensureDependencies();
    ensureBuilt();
    ensureCheckedBundle();
    if (process.getuid() !== 0) throw new Error('The campaign needs root.');
    const campaign = readOptions({ seed: Math.floor(Math.random() * 1e6), ...defaults });
    const env = { ...process.env, ...environment(), NODE_NO_WARNINGS: '1' };
    say(`${describe(campaign)}, seed ${campaign.seed}`);
    const program = join(root, 'dist/test/campaigns', main, 'main.js');
    const start = (argument) => spawn(node, [program, argument], { cwd: root, env, stdio: 'inherit' });
    const child = start(JSON.stringify(campaign));
    // The campaign itself handles these, ends its processes and removes the database.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    const [status] = await once(child, 'exit');
    if (status === null) await once(start('--clean'), 'exit');
    return status ?? 1;
  });
}

function readOptions(campaign) {
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
  return campaign;
}
