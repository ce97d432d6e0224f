// That commands start fast, as a property that no clock decides: which files and which modules of Node they load.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { accepts } from '../../../support/hostile.ts';
import { launcher, Sandbox } from '../../../support/sandbox.ts';

const START = ['main.cjs', 'rolldown-runtime.cjs', 'start.cjs'];
/** Node itself loads `net` where its output is a pipe, as it is here. */
const DEAR = /^NativeModule (crypto|child_process|http|https|tls|internal\/deps\/undici\/undici)$/;

void t.test(
  'a command loads the files that it needs, and no dear module of Node that it does not use',
  async (t) => {
    const box = new Sandbox(t);
    box.command = [launcher];
    // The modules of Node that it has loaded at the end, and was started with.
    writeFileSync(
      join(box.directory, 'tell.cjs'),
      `const before = new Set(process.moduleLoadList);
    process.on('exit', () => {
      const modules = process.moduleLoadList.filter((name) => !before.has(name));
      require('fs').writeFileSync('loaded', JSON.stringify({ files: Object.keys(require.cache), modules }));
    });`,
    );
    const node = join(box.directory, 'node');
    writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' -r '${box.directory}/tell.cjs' "$@"\n`, {
      mode: 0o755,
    });
    const look = async (...args: string[]): Promise<{ files: string[]; dear: string[] }> => {
      await accepts(t, box, args, { env: { NF_ESCROW_NODE: node } });
      const loaded = JSON.parse(readFileSync(join(box.launch, 'loaded'), 'utf8')) as {
        files: string[];
        modules: string[];
      };
      const files = loaded.files.map((path) => basename(path)).filter((name) => name !== 'tell.cjs');
      const dear = loaded.modules
        .filter((name) => DEAR.test(name))
        .map((name) => name.replace('NativeModule ', ''));
      return { files: files.sort(), dear: dear.sort() };
    };
    await accepts(t, box, ['daemon', 'start'], { env: { NF_ESCROW_NODE: process.execPath } });
    t.same(await look('--version'), { files: START, dear: [] });
    t.same(await look('status'), { files: START, dear: ['http'] });
    t.same(await look('run', '--help'), {
      files: ['main.cjs', 'rolldown-runtime.cjs', 'run.cjs', 'start.cjs'],
      dear: [],
    });
    t.same((await look('run', '--explain', 'x')).files, [
      'launch.cjs',
      'main.cjs',
      'rolldown-runtime.cjs',
      'run.cjs',
      'start.cjs',
    ]);
    t.same((await look('secrets', 'list')).files, [
      'commands.cjs',
      'main.cjs',
      'rolldown-runtime.cjs',
      'run.cjs',
      'start.cjs',
    ]);
  },
);
