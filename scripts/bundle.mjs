// node scripts/bundle.mjs, after tsc: bundles the program as published. Only libsql, which contains a binary, remains a package.
// Also writes the licences of the bundled packages.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleModules } from './bundle-modules.mjs';
import { writeCodeCaches } from './code-cache.mjs';
import { licensesOf } from './licenses.mjs';
import { root, runDriver } from './steps.mjs';

const ENTRY = 'main.entry.cjs';
const bundle = join(root, 'dist/bundle');
/** The bundle is renamed when it is complete, because commands may start during the build. */
const out = `${bundle}.${process.pid}`;

runDriver(async () => {
  const output = await bundleModules({ main: join(root, 'dist/daemon/main.js') }, out);
  // The entry only re-exports main.cjs. bin/start.cjs loads main.cjs directly, which saves opening a file.
  const main = output.find(({ fileName }) => fileName === 'main.cjs');
  if (!main?.exports?.includes('main') || output.some(({ imports }) => imports?.includes(ENTRY)))
    throw new Error('The bundle has no main.cjs that works without the entry.');
  rmSync(join(out, ENTRY));
  const { buildTree } = await import(join(root, 'dist/daemon/cli/completion/build-tree.js'));
  writeFileSync(join(out, 'command-tree.json'), JSON.stringify(await buildTree()));
  writeFileSync(join(out, 'THIRD_PARTY_LICENSES'), licensesOf(output));
  rmSync(bundle, { recursive: true, force: true });
  renameSync(out, bundle);
  try {
    await writeCodeCaches(bundle);
  } catch (error) {
    rmSync(bundle, { recursive: true }); // otherwise the next build would consider it complete
    throw error;
  }
});
