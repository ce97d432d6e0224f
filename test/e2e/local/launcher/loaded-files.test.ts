// Keeps commands fast by a property that does not depend on time: which files and modules of Node they load.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { accepts, soon } from '../../../support/hostile.ts';
import { launcher, Sandbox } from '../../../support/sandbox.ts';

const START = ['main.cjs', 'rolldown-runtime.cjs', 'start.cjs'];
const RUN = [...START, 'run.cjs'].sort();
/** Modules of Node that take milliseconds to load. Not `net`, which Node itself loads if its output is a pipe, as it is here. */
const EXPENSIVE = /^NativeModule (crypto|child_process|http|https|tls|internal\/deps\/undici\/undici)$/;

/** What a command has loaded when it exits. */
interface Loaded {
  readonly files: string[];
  readonly expensive: string[];
}

/** Returns a function that runs a command through bin/nf-escrow and returns what it has loaded. */
function observe(t: Test, box: Sandbox): (...args: string[]) => Promise<Loaded> {
  writeFileSync(
    join(box.directory, 'observe.cjs'),
    `const before = new Set(process.moduleLoadList);
    process.on('exit', () => {
      const modules = process.moduleLoadList.filter((name) => !before.has(name));
      require('fs').writeFileSync('loaded', JSON.stringify({ files: Object.keys(require.cache), modules }));
    });`,
  );
  const node = join(box.directory, 'node');
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' -r '${box.directory}/observe.cjs' "$@"\n`, {
    mode: 0o755,
  });
  return async (...args) => {
    await accepts(t, box, args, { env: { NF_ESCROW_NODE: node } });
    const { files, modules } = JSON.parse(readFileSync(join(box.launch, 'loaded'), 'utf8')) as {
      files: string[];
      modules: string[];
    };
    return {
      files: files
        .map((path) => basename(path))
        .filter((name) => name !== 'observe.cjs')
        .sort(),
      expensive: modules
        .filter((name) => EXPENSIVE.test(name))
        .map((name) => name.replace('NativeModule ', ''))
        .sort(),
    };
  };
}

void t.test('a command loads only the files and the expensive modules of Node that it needs', async (t) => {
  const box = new Sandbox(t);
  box.command = [launcher];
  const load = observe(t, box);
  await accepts(t, box, ['daemon', 'start'], { env: { NF_ESCROW_NODE: process.execPath } });
  t.same(await load('--version'), { files: START, expensive: [] });
  t.same(await load('status'), { files: START, expensive: [] });
  t.same(await load('complete', '--', 'runs', ''), {
    files: ['complete.cjs', ...START].sort(),
    expensive: [],
  });
  t.same(await load('complete', '--', 'use', ''), {
    files: ['complete.cjs', ...START].sort(),
    expensive: [],
  });
  t.same(await load('run', '--help'), { files: RUN, expensive: [] });
  await load('run', '--explain', 'x'); // installs the plugin, under a random name first
  t.same(await load('run', '--explain', 'x'), { files: ['launch.cjs', ...RUN].sort(), expensive: [] });
  t.same((await load('secrets', 'list')).files, ['commands.cjs', 'table.cjs', ...RUN].sort());
});

void t.test('run uses one connection until it has requested the run', async (t) => {
  const box = new Sandbox(t);
  box.command = [launcher];
  const requests: string[] = [];
  const connections = new Set<Socket>();
  const daemon = createServer((request, response) => {
    requests.push(`${String(request.method)} ${String(request.url)}`);
    response.statusCode = request.method === 'POST' ? 503 : 200;
    response.end(JSON.stringify({ computeEnvironments: [], code: 'store-unavailable', detail: 'no store' }));
  });
  daemon.on('connection', (socket) => connections.add(socket));
  const home = join(box.directory, 'fake-daemon');
  mkdirSync(join(home, hostname()), { recursive: true, mode: 0o700 });
  await new Promise<void>((resolve) => daemon.listen(join(home, hostname(), 'daemon.sock'), resolve));
  t.teardown(() => {
    daemon.close();
    daemon.closeAllConnections();
  });
  const { status } = await soon(t, box, ['run', 'x'], { env: { NF_ESCROW_HOME: home } });
  t.equal(status, 69);
  t.same(requests, ['GET /v1/compute-envs?limit=1000', 'POST /v1/runs']);
  t.equal(connections.size, 1);
});
