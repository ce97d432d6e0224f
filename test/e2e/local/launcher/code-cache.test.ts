// The compiled functions that the build stores for the bundle: V8 accepts them, and the commands work without them.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accepts } from '../../../support/hostile.ts';
import { launcher, root, Sandbox, untapped } from '../../../support/sandbox.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

const version = `${process.version}-${process.arch}`;
const compiled = join('dist/bundle/code-cache', version);

void t.test('V8 accepts the stored functions of frequent commands', async (t) => {
  if (!readdirSync(join(root, 'dist/bundle/code-cache')).includes(version))
    return t.pass('skipped', { skip: `the build has stored nothing for Node ${version}` });
  const box = new Sandbox(t);
  box.command = [launcher];
  const node = join(box.directory, 'node');
  const report = join(box.directory, 'report.cjs');
  const seen = join(box.directory, 'seen');
  writeFileSync(
    report,
    `const vm = require('node:vm');
    vm.Script = class extends vm.Script {
      constructor(code, options) {
        super(code, options);
        const state = options.cachedData === undefined ? 'missing' : this.cachedDataRejected ? 'rejected' : 'accepted';
        const line = [process.argv[2], require('node:path').basename(options.filename), state].join(' ');
        require('node:fs').appendFileSync(${JSON.stringify(seen)}, line + '\\n');
      }
    };`,
  );
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' -r '${report}' "$@"\n`, { mode: 0o755 });
  const env = { NF_ESCROW_NODE: node };
  for (const args of [['--version'], ['daemon', 'start'], ['status'], ['secrets', 'list']])
    await accepts(t, box, args, { env });
  const lines = readFileSync(seen, 'utf8').split('\n');
  for (const line of [
    '--version main.cjs accepted',
    'status main.cjs accepted',
    'secrets commands.cjs accepted',
    'daemon main.cjs accepted',
    'daemon daemon.cjs accepted',
  ])
    t.ok(lines.includes(line), line);
  t.same(
    lines.filter((line) => line.endsWith('rejected')),
    [],
  );
});

/** Returns a copy of the program. */
function copy(t: Test): string {
  const directory = temporaryDirectory(t);
  for (const path of ['bin', 'dist/bundle', 'package.json'])
    cpSync(join(root, path), join(directory, path), { recursive: true });
  return directory;
}

function versionOf(directory: string): { status: number | null; stdout: string; stderr: string } {
  const [command, args] = untapped(join(directory, 'bin/nf-escrow'), ['--version']);
  const env = { PATH: process.env['PATH'], NF_ESCROW_NODE: process.execPath };
  return spawnSync(command, args, { env, encoding: 'utf8' });
}

void t.test('a command works without stored functions, and with damaged ones', (t) => {
  const directory = copy(t);
  const expected = { status: 0, stdout: /^\d+\.\d+\.\d+\n$/, stderr: '' };
  t.match(versionOf(directory), expected);
  const file = join(directory, compiled, 'commands/main.cjs');
  const bytes = readFileSync(file);
  for (const damaged of [Buffer.alloc(0), bytes.subarray(0, 1000), Buffer.alloc(bytes.length, 1)]) {
    writeFileSync(file, damaged);
    t.match(versionOf(directory), expected, `${String(damaged.length)} bytes`);
  }
  rmSync(join(directory, 'dist/bundle/code-cache'), { recursive: true });
  t.match(versionOf(directory), expected);
  t.end();
});

void t.test('stack traces show the lines of the bundle', (t) => {
  const directory = copy(t);
  const main = join(directory, 'dist/bundle/main.cjs');
  const source = readFileSync(main, 'utf8');
  writeFileSync(main, `\nthrow new Error('here');\n${source}`);
  t.match(versionOf(directory).stderr, `${main}:2`);
  t.end();
});
