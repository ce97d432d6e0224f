// node scripts/bundle-for-tests.mjs, after tsc: bundles the program that tests start, because its modules take three times as long to
// load. It differs from the published bundle in the check of each response.
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundleModules } from './bundle-modules.mjs';
import { root, runDriver } from './steps.mjs';

const bundle = join(root, 'dist/checked');
const out = `${bundle}.${process.pid}`;

runDriver(async () => {
  await bundleModules({ nfe: join(root, 'dist/test/support/checked-main.js') }, out);
  rmSync(bundle, { recursive: true, force: true });
  renameSync(out, bundle);
});
