import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accepts } from '../../../support/hostile.ts';
import { launcher, root, Sandbox, until, type Ended, type Environment } from '../../../support/sandbox.ts';

function program(path: string, text: string): string {
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

/** Returns a sandbox that runs commands through bin/nf-escrow. */
function withLauncher(t: Test): Sandbox {
  const box = new Sandbox(t);
  box.env['NF_ESCROW_NODE'] = process.execPath;
  box.command = [launcher];
  return box;
}

/** A nextflow that records its environment and its limit of core dumps. */
const RECORDING = '#!/bin/bash -p\ncat /proc/self/environ >"$KEPT"\nulimit -c >"$KEPT.limit"\n';

void t.test(
  "passes the caller's environment to Nextflow, with Node's variables and exported functions",
  async (t) => {
    const box = withLauncher(t);
    const nextflow = program(join(box.directory, 'recording'), RECORDING);
    await accepts(t, box, ['daemon', 'start']);
    const unusual = {
      NODE_OPTIONS: '--title=x --no-warnings',
      NODE_PATH: box.directory,
      NODE_ENV: 'a\nb "c"',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      'BASH_FUNC_module%%': '() {  echo "$@"\n}',
      BASH_ENV: join(box.directory, 'absent'),
      'not.a-name': 'kept',
      NF_ESCROW_NEXTFLOW: nextflow,
      // Names that the launcher might use.
      ...{ self: '1', name: '2', key: '3', value: '4', node: '5', start: '6', options: '7', OLDPWD: '/tmp' },
    };
    const environmentOf = async (kept: string, ...command: [string, ...string[]]): Promise<string[]> => {
      const [first, ...rest] = command;
      // Through env, because the test runner removes NODE_OPTIONS.
      const words = Object.entries({ ...unusual, KEPT: kept }).map(([name, value]) => `${name}=${value}`);
      const ended = await box.startProgram('env', [...words, first, ...rest]).ended;
      t.equal(ended.status, 0, ended.stderr);
      const entries = readFileSync(kept, 'utf8')
        .split('\0')
        .filter((entry) => !/^(KEPT|_|SHLVL|NXF_\w+)=/.test(entry));
      return entries.sort();
    };
    const bare = await environmentOf(join(box.directory, 'bare'), nextflow);
    t.ok(bare.some((entry) => entry.startsWith('BASH_FUNC_module%%=')));
    t.same(await environmentOf(join(box.directory, 'ours'), launcher, 'run', 'x'), bare);
    t.same(await environmentOf(join(box.directory, 'nextflow'), launcher, 'nextflow', 'log'), bare);
    const bin = join(box.directory, 'bin');
    await accepts(t, box, ['shim', bin]);
    t.same(
      await environmentOf(join(box.directory, 'shim'), join(bin, 'nextflow'), 'run', 'x'),
      bare,
      'through the shim',
    );
  },
);

void t.test('the launcher, Node and the daemon execute no code that the environment names', async (t) => {
  const box = withLauncher(t);
  const loaded = join(box.directory, 'loaded');
  writeFileSync(join(box.directory, 'mark.sh'), `echo bash >>${loaded}\n`);
  writeFileSync(
    join(box.directory, 'mark.cjs'),
    `require('fs').appendFileSync(${JSON.stringify(loaded)}, 'node\\n')`,
  );
  const env = {
    BASH_ENV: join(box.directory, 'mark.sh'),
    ENV: join(box.directory, 'mark.sh'),
    NODE_OPTIONS: `--require=${join(box.directory, 'mark.cjs')}`,
    'BASH_FUNC_exec%%': `() {  echo function >>${loaded}\n}`,
    'BASH_FUNC_read%%': `() {  echo function >>${loaded}\n}`,
    NF_ESCROW_IDLE_SECONDS: '60',
  };
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  for (const args of [['--version'], ['secrets', 'list'], ['status']]) {
    const ended = await box.startProgram('env', [...words, launcher, ...args]).ended;
    t.equal(ended.status, 0, ended.stderr);
  }
  t.notOk(existsSync(loaded));
});

void t.test('disables core dumps for commands and keeps the limit of Nextflow and its tasks', async (t) => {
  const box = withLauncher(t);
  const kept = join(box.directory, 'kept');
  const env = {
    NF_ESCROW_NEXTFLOW: program(join(box.directory, 'recording'), RECORDING),
    KEPT: kept,
    LAUNCHER: launcher,
  };
  await accepts(t, box, ['daemon', 'start']);
  for (const limit of ['unlimited', '8', '0']) {
    const ended = await box.startProgram('bash', ['-c', `ulimit -S -c ${limit}; "$LAUNCHER" run x`], {
      env,
    }).ended;
    t.equal(ended.status, 0, ended.stderr);
    t.equal(readFileSync(`${kept}.limit`, 'utf8').trim(), limit);
  }
  const held = 'ulimit -S -c 8; exec "$LAUNCHER" secrets set FOO_KEY < <(exec sleep 60)';
  const { pid, child, ended } = box.startProgram('bash', ['-c', held], { env });
  const limits = (): string => readFileSync(`/proc/${String(pid)}/limits`, 'utf8');
  await until(
    'the command waits for the value',
    () => /^Max core file size +0 /m.test(limits()) && isNode(pid),
  );
  child.kill('SIGKILL');
  await ended;
});

function isNode(pid: number): boolean {
  return readlinkSync(`/proc/${String(pid)}/exe`) === process.execPath;
}

void t.test('works through links, by relative paths and on PATH', async (t) => {
  const box = withLauncher(t);
  const [near, far] = [join(box.directory, 'near'), join(box.directory, 'far')];
  mkdirSync(far);
  symlinkSync(launcher, join(far, 'nf-escrow'));
  symlinkSync('far', near);
  symlinkSync('../near/nf-escrow', join(far, 'by another name'));
  const version = (command: string, env: Environment = {}): Promise<Ended> =>
    box.startProgram('sh', ['-c', `${command} --version`], { cwd: far, env }).ended;
  for (const command of [
    './nf-escrow',
    '"./by another name"',
    `"${near}/by another name"`,
    `bash -p ${launcher}`,
  ])
    t.match(await version(command), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ }, command);
  for (const PATH of [far, '.', ''])
    t.match(await version('nf-escrow', { PATH: `${PATH}:/usr/bin:/bin` }), { status: 0 }, PATH);
});

void t.test('uses the Node of NF_ESCROW_NODE, the tarball, PATH or npm, in this order', async (t) => {
  const box = withLauncher(t);
  const bin = join(box.directory, 'bin');
  mkdirSync(bin);
  const named = (name: string): string =>
    program(join(bin, name), `#!/bin/sh\necho ${name} >&2\nexec '${process.execPath}' "$@"\n`);
  const bare = { PATH: '/nonexistent', NF_ESCROW_NODE: '' };
  const at = (env: Environment, path = launcher): Promise<Ended> =>
    box.startProgram(path, ['--version'], { env }).ended;
  t.match(await at({ NF_ESCROW_NODE: named('first'), PATH: `${bin}:/usr/bin` }), {
    status: 0,
    stderr: 'first\n',
  });
  named('node');
  t.match(await at({ ...bare, PATH: bin }), { status: 0, stderr: 'node\n' });
  t.match(await at({ ...bare, PATH: bin, NF_ESCROW_CALLER_NODE: named('written') }), {
    status: 0,
    stderr: 'written\n',
  });
  t.match(await at({ ...bare, PATH: bin, NF_ESCROW_CALLER_NODE: '/missing' }), {
    status: 0,
    stderr: 'node\n',
  });

  const none = await at(bare);
  t.match(none, { status: 78, stdout: '' });
  t.match(
    none.stderr,
    /^nf-escrow: cannot start Node.js: there is no node on PATH\.\n +Install .*NF_ESCROW_NODE.*\n$/,
  );
  const wrong = await at({ NF_ESCROW_NODE: '/missing/node' });
  t.match(wrong, {
    status: 78,
    stderr: /^nf-escrow: cannot start Node.js: \/missing\/node, from NF_ESCROW_NODE\.\n/,
  });

  const unpacked = join(box.directory, 'tarball/bin');
  const own = join(box.directory, 'tarball/node/bin');
  for (const directory of [unpacked, own]) mkdirSync(directory, { recursive: true });
  for (const name of ['nf-escrow', 'start.cjs']) copyFileSync(join(root, 'bin', name), join(unpacked, name));
  const ofTarball = (env: Environment): Promise<Ended> =>
    at({ ...bare, ...env }, join(unpacked, 'nf-escrow'));
  copyFileSync(named('own'), join(own, 'node'));
  t.match(await ofTarball({ PATH: bin }), { stderr: /^own\n/ });
  writeFileSync(join(own, 'node'), '\x7fELF');
  t.match(await ofTarball({ PATH: bin }), { stderr: /node\n.*npm run build/s }, 'for another processor');
  t.match(await ofTarball({}), {
    status: 78,
    stderr: /\/node\/bin\/node requires glibc 2\.28 or later\.\n/,
  });

  const installed = join(box.directory, 'lib/node_modules/nf-escrow/bin');
  mkdirSync(installed, { recursive: true });
  for (const name of ['nf-escrow', 'start.cjs']) copyFileSync(join(root, 'bin', name), join(installed, name));
  // The copied launcher has no bundle.
  t.match(await at(bare, join(installed, 'nf-escrow')), {
    status: 78,
    stderr: /^node\nnf-escrow: cannot start: .*npm run build/s,
  });
});

void t.test('reports the required version of Node if Node is too old', async (t) => {
  const box = withLauncher(t);
  for (const [version, status] of [
    ['10.24.0', 78],
    ['16.20.2', 78],
    ['20.18.3', 78],
    ['20.19.0', 0],
    ['24.0.0', 0],
  ] as const) {
    writeFileSync(
      join(box.directory, 'old.cjs'),
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
    );
    const old = program(
      join(box.directory, 'old'),
      `#!/bin/sh\nexec '${process.execPath}' -r '${box.directory}/old.cjs' "$@"\n`,
    );
    const ended = await box.escrow(['--version'], { env: { NF_ESCROW_NODE: old } });
    t.equal(ended.status, status, version);
    if (status === 0) continue;
    t.equal(ended.stdout, '');
    t.match(ended.stderr, `is Node.js ${version}, which is too old.\n`);
    t.match(ended.stderr, /Put Node\.js 20\.19 or later first on PATH, or set NF_ESCROW_NODE/);
  }
});

/** Returns the TCP addresses on which a process listens: rows in state 0A of /proc/net/tcp with the inode of its sockets. */
function listeningAddresses(pid: number): string[] {
  const directory = `/proc/${String(pid)}/fd`;
  const mine = new Set(readdirSync(directory).map((fd) => readlinkSync(join(directory, fd))));
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) =>
    readFileSync(path, 'utf8').split('\n').slice(1),
  );
  return rows
    .map((line) => line.trim().split(/ +/))
    .flatMap((row) => (row[3] === '0A' && mine.has(`socket:[${row[9] ?? ''}]`) ? [row[1] ?? ''] : []));
}

void t.test('SIGUSR1 does not open the debugger, even before nf-escrow runs', async (t) => {
  const box = withLauncher(t);
  // A module that runs before start.cjs and waits until the signal was sent.
  writeFileSync(
    join(box.directory, 'slow.cjs'),
    `const { existsSync, writeFileSync } = require('fs');
    writeFileSync('early', '');
    while (!existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);`,
  );
  const slow = program(
    join(box.directory, 'slow'),
    `#!/bin/sh\nexec '${process.execPath}' -r '${box.directory}/slow.cjs' "$@"\n`,
  );
  const { pid, ended, child } = box.start(['--version'], { env: { NF_ESCROW_NODE: slow } });
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('Node runs', () => existsSync(join(box.launch, 'early')));
  process.kill(pid, 'SIGUSR1');
  await until('Node has tried to open the debugger', () => /inspector|Debugger/.test(output) || undefined);
  t.same(listeningAddresses(pid), []);
  t.notMatch(output, 'Debugger listening');
  writeFileSync(join(box.launch, 'go'), '');
  t.match(await ended, { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
});
