// node scripts/reference.mjs [--check]: generates the pages of docs/reference from the sources. With --check it only compares,
// and fails when a page is outdated.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLinePage } from './reference/command-line.mjs';
import { errorsPage } from './reference/errors.mjs';
import { schemasPage } from './reference/schemas.mjs';
import { settingsPage } from './reference/settings.mjs';
import { root, runDriver } from './steps.mjs';

const PAGES = {
  'command-line': commandLinePage,
  errors: errorsPage,
  schemas: schemasPage,
  settings: settingsPage,
};

runDriver(async () => {
  const isCheck = process.argv.includes('--check');
  let status = 0;
  for (const [name, generate] of Object.entries(PAGES)) {
    const path = join(root, 'docs/reference', `${name}.md`);
    const wanted = `${await generate()}\n`;
    if (!isCheck) writeFileSync(path, wanted);
    else if (readFileSync(path, 'utf8') !== wanted) {
      process.stderr.write(`docs/reference/${name}.md is outdated. Run "node scripts/reference.mjs".\n`);
      status = 1;
    }
  }
  return status;
});
