import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { isRunsDirectory, readRunsDirectory } from '../../../daemon/config/runs-directory.ts';
import { loadSettings } from '../../../daemon/config/settings.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

void t.test('replaces {user} by the name of the user', (t) => {
  t.equal(readRunsDirectory('/scratch/{user}/nf-escrow', 'ann'), '/scratch/ann/nf-escrow');
  t.equal(readRunsDirectory('/a/{user}/{user}', 'a$&b'), '/a/a$&b/a$&b');
  t.equal(readRunsDirectory('/scratch/x', '../..'), '/scratch/x', 'no placeholder, no condition');
  for (const name of ['', '.', '..', '.ssh', 'a/b', '/etc', 'a\0b'])
    t.throws(
      () => readRunsDirectory('/scratch/{user}', name),
      { code: 'config-invalid' },
      JSON.stringify(name),
    );
  t.end();
});

void t.test('accepts an absolute path without other placeholders', (t) => {
  for (const text of ['/x', '/scratch/{user}/nf-escrow', '/{user}']) t.ok(isRunsDirectory(text), text);
  for (const text of [
    'x',
    '{user}',
    '/scratch/{USER}',
    '/scratch/{user',
    '/scratch/{user}}',
    '/s/{host}',
    '',
  ])
    t.notOk(isRunsDirectory(text), text);
  t.end();
});

void t.test('applies to the file and to the variable', async (t) => {
  const home = temporaryDirectory(t);
  const own = `/scratch/${userInfo().username}/runs`;
  const runsOf = async (env: Record<string, string>): Promise<string> =>
    (await loadSettings({ NF_ESCROW_HOME: home, ...env })).paths.runs;
  t.equal(await runsOf({}), join(home, 'runs'));
  t.equal(await runsOf({ NF_ESCROW_RUNS_DIR: '/scratch/{user}/runs' }), own);
  writeFileSync(join(home, 'config.yaml'), 'runsDir: /scratch/{user}/runs\n', { mode: 0o600 });
  t.equal(await runsOf({}), own);
  await t.rejects(runsOf({ NF_ESCROW_RUNS_DIR: '/scratch/{group}' }), {
    code: 'config-invalid',
    message:
      /^Invalid value of runsDir in NF_ESCROW_RUNS_DIR: it must be an absolute path, in which \{user\}/,
  });
});
