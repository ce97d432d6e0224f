// npm run bench takes many minutes, so it measures nothing if its arguments are wrong.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { root, untapped } from '../../support/sandbox.ts';

const bench = (...args: string[]) =>
  spawnSync(...untapped(process.execPath, [join(root, 'scripts/bench.mjs'), ...args]), { encoding: 'utf8' });

void t.test('--help prints the options and the groups', (t) => {
  const { status, stdout, stderr } = bench('--only', 'recovery', '--help');
  t.match({ status, stderr }, { status: 0, stderr: '' });
  for (const text of ['--only', '--json', '--page', 'peers', 'install', 'engine']) t.match(stdout, text);
  t.end();
});

for (const [title, args, reason] of [
  ['an unknown option', ['--olny', 'recovery'], "'--olny'"],
  ['an unknown group', ['--only', 'recovery,recover'], 'Unknown group "recover"'],
  ['an empty group', ['--only', ''], 'Unknown group ""'],
  ['a missing value', ['--only'], '--only'],
  ['a value that is an option', ['--json', '--page'], '--json'],
  ['an argument without an option', ['recovery'], "'recovery'"],
] as const)
  void t.test(`rejects ${title}`, (t) => {
    const { status, stdout, stderr } = bench(...args);
    t.match({ status, stdout }, { status: 64, stdout: '' });
    t.match(stderr, reason);
    t.match(stderr, 'Usage: npm run bench');
    t.end();
  });
