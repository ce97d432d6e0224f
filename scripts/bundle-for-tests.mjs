// node scripts/bundle-for-tests.mjs, after tsc: bundles the programs that tests start, because their modules take three times as long to
// load. `nfe` differs from the published bundle in the check of each response, the others inject faults.
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundleModules } from './bundle-modules.mjs';
import { root, runDriver } from './steps.mjs';

const bundle = join(root, 'dist/checked');
const out = `${bundle}.${process.pid}`;

runDriver(async () => {
  const inputs = {
    nfe: 'test/support/checked-main.js',
    faults: 'test/campaigns/faults/program.js',
    chaos: 'test/campaigns/chaos/program.js',
    deliveries: 'test/campaigns/deliveries/program.js',
  };
  const paths = Object.entries(inputs).map(([name, path]) => [name, join(root, 'dist', path)]);
  await bundleModules(Object.fromEntries(paths), out);
  rmSync(bundle, { recursive: true, force: true });
  renameSync(out, bundle);
});
