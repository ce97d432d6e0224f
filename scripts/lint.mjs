// npm run lint: checks generated files, code, module order, unused code, the package, terms and format.
import { ensureBuilt, ensureDependencies } from './set-up.mjs';
import { run, runDriver, say } from './steps.mjs';

const node = process.execPath;

runDriver(async () => {
  ensureDependencies();
  say('generated files');
  run(node, ['scripts/generate-types.mjs', '--check']);
  ensureBuilt();
  run(node, ['scripts/api-table.mjs', '--check']);
  run(node, ['scripts/permission-table.mjs', '--check']);
  run(node, ['scripts/reference.mjs', '--check']);
  say('eslint');
  run(node, ['node_modules/eslint/bin/eslint.js', '--max-warnings=0', 'daemon', 'page', 'test']);
  say('module order (dependency-cruiser)');
  run(node, [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'daemon',
    'page',
  ]);
  say('unused code and dependencies (knip)');
  run(node, ['node_modules/knip/bin/knip.js', '--no-progress', '--treat-config-hints-as-errors']);
  say('package (publint)');
  run(node, ['scripts/check-package.mjs']);
  say('terms');
  run(node, ['scripts/check-terms.mjs']);
  say('prettier');
  run(node, ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']);
});
