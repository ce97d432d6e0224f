import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findDeclaredSecrets } from '../../../daemon/launch/child/declared-secrets.ts';

void t.test('finds the secrets that processes declare, in all scripts of the pipeline', async (t) => {
  const directory = t.testdir({
    'main.nf': `include { SORT } from './modules/sort'\nworkflow { SORT() }\n`,
    modules: {
      'sort.nf': `process SORT{\n\tsecret 'ONE_KEY'\n  secret("TWO_KEY")\n  script:\n  'true'\n}\n\nprocess INDEX {\n  'true'\n}\n`,
    },
    '.git': { 'x.nf': `process HIDDEN {\n  secret 'ONE_KEY'\n}\n` },
    work: { 'x.nf': `process LEFT {\n  secret 'ONE_KEY'\n}\n` },
    'bad.nf': `process BAD {\n  secret 'not a name'\n  secret '${'a'.repeat(100_000)}'\n  // secret 'ONE_KEY'\n  secrets 'ONE_KEY'\n}\n`,
    'README.md': `process READ {\n  secret 'ONE_KEY'\n}\n`,
  });
  symlinkSync('.', join(directory, 'loop'));
  mkdirSync(join(directory, 'directory.nf'));
  t.same(findDeclaredSecrets(directory), [{ process: 'SORT', secrets: ['ONE_KEY', 'TWO_KEY'] }]);
  t.same(findDeclaredSecrets(join(directory, 'absent')), []);
});

void t.test('reads hostile scripts in linear time', async (t) => {
  const directory = t.testdir();
  const lines = [
    `process ${' '.repeat(200_000)}`,
    `process A {`,
    `  secret ${`'`.repeat(200_000)}`,
    ' '.repeat(200_000),
  ];
  writeFileSync(join(directory, 'main.nf'), lines.join('\n'));
  t.same(findDeclaredSecrets(directory), []);
});
