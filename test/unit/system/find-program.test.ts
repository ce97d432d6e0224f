import { chmodSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { findProgram, isProgram } from '../../../daemon/system/files/find-program.ts';

void t.test('finds the first executable file of a name on PATH', (t) => {
  const base = t.testdir({
    directory: { tool: {} },
    text: { tool: '' },
    one: { tool: '' },
    two: { tool: '', other: '' },
    linked: { tool: t.fixture('symlink', '../two/tool'), broken: t.fixture('symlink', 'none') },
  });
  const at = (...names: string[]): string => join(base, ...names);
  for (const name of ['one/tool', 'two/tool', 'two/other']) chmodSync(at(name), 0o755);
  const path = ['directory', 'text', 'missing', 'one', 'two'].map((name) => at(name)).join(':');
  t.equal(findProgram('tool', path), at('one/tool'));
  t.equal(findProgram('other', path), at('two/other'));
  t.equal(
    findProgram('tool', path, (program) => program !== at('one/tool')),
    at('two/tool'),
  );
  t.equal(findProgram('none', path), undefined);
  t.equal(findProgram('tool', at('linked')), at('linked/tool'), 'follows links');
  t.equal(findProgram('broken', at('linked')), undefined);
  t.equal(
    findProgram('tool', relative(process.cwd(), at('one'))),
    at('one/tool'),
    'returns an absolute path',
  );
  t.equal(isProgram(at('directory/tool')), false);
  t.end();
});

void t.test('ignores empty entries of PATH, which mean the current directory', (t) => {
  const before = process.cwd();
  t.teardown(() => process.chdir(before));
  const base = t.testdir({ tool: '' });
  chmodSync(join(base, 'tool'), 0o755);
  process.chdir(base);
  for (const path of ['', ':', '/nowhere:', ':/nowhere', undefined])
    t.equal(findProgram('tool', path), undefined);
  t.equal(findProgram('tool', '.'), join(base, 'tool'));
  t.end();
});
