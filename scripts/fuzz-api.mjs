// npm run fuzz:api -- [--examples N] [--seed S] [--over socket|tcp] [--phases LIST] [--operation ID]: has schemathesis generate
// requests for each operation of the API, with all its checks, against a real daemon on its socket and over TCP.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureDependencies, ensureSchemathesis } from './set-up.mjs';
import { node, root, runDriver, say } from './steps.mjs';

runDriver(async () => {
  const { values } = parseArgs({
    options: {
      examples: { type: 'string', default: '50' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      over: { type: 'string' },
      phases: { type: 'string' },
      operation: { type: 'string' },
    },
  });
  ensureDependencies();
  ensureBuilt();
  const schemathesis = ensureSchemathesis();
  if (schemathesis === undefined) throw new Error('schemathesis needs Python 3 with venv.');
  const { over, phases, operation } = values;
  let status = 0;
  for (const each of over === undefined ? ['socket', 'tcp'] : [over]) {
    const campaign = {
      schemathesis,
      over: each,
      examples: Number(values.examples),
      seed: Number(values.seed),
      ...(phases === undefined ? {} : { phases }),
      ...(operation === undefined ? {} : { operation }),
    };
    say(`schemathesis over ${each}: --examples ${values.examples} --seed ${values.seed}`);
    const args = [join(root, 'dist/test/campaigns/api/main.js'), JSON.stringify(campaign)];
    status ||= spawnSync(node, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
  }
  return status;
});
