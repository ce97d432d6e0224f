// Tests the relocatable tarball as an administrator installs it and other users start it.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt, RunList } from '../../../daemon/contract/types.ts';
import { accounts, pidsOf } from '../../support/accounts.ts';
import {
  installTarball,
  programsWithoutNode,
  type InstalledTarball,
} from '../../support/packages/installed-tarball.ts';
import { InstallingUser } from '../../support/packages/installing-user.ts';
import { builtPackages } from '../../support/packages/packages.ts';
import { realNextflow } from '../../support/sandbox.ts';
import { skipUnlessRequired } from '../../support/skip-unless-required.ts';

/** Bytes of the compressed tarball. */
const SIZE_MAX = 60_000_000;
const PIPELINE = `
process HELLO {
  secret 'FOO_KEY'
  output:
  stdout
  script:
  """
  printf %s "\\$FOO_KEY" | sha256sum
  """
}
workflow { HELLO() | view }
`;

const packages = builtPackages(t);
const installed = packages === undefined ? undefined : installTarball(t, packages.relocatable);

/** Skips a test if the packages are not built. builtPackages has reported that. */
function whenInstalled(title: string, test: (t: Test, at: InstalledTarball) => void): void {
  void t.test(title, (t) => {
    if (installed === undefined) t.pass('skipped', { skip: 'the packages are not built' });
    else test(t, installed);
    t.end();
  });
}

function onPath(name: string): string {
  const found = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, name));
  const path = found.find((each) => statSync(each, { throwIfNoEntry: false })?.isFile());
  if (path === undefined) throw new Error(`${name} is not on PATH`);
  return path;
}

whenInstalled('contains all that it needs, and is small', (t, { home }) => {
  t.ok(statSync(packages?.relocatable ?? '').size < SIZE_MAX);
  for (const name of ['README.md', 'LICENSE', 'docs/hpc.md', 'schemas/run.json', 'node/LICENSE'])
    t.ok(statSync(join(home, name)).isFile(), name);
  const libraries = execFileSync('ldd', [join(home, 'node/bin/node')], { encoding: 'utf8' });
  t.notMatch(libraries, 'not found');
  const notices = readFileSync(join(home, 'THIRD_PARTY_LICENSES'), 'utf8');
  for (const name of [
    'libsql',
    '@libsql/linux-x64-gnu',
    '@neon-rs/load',
    'detect-libc',
    'preact',
    'commander',
  ])
    t.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([\\w.-]+\\)$`, 'm'), name);
  const writable = execFileSync('find', [home, '-perm', '/022', '!', '-type', 'l'], { encoding: 'utf8' });
  t.equal(writable, '');
  if (spawnSync('man', ['--version']).status === 0) {
    const page = spawnSync('man', ['--warnings', '-l', join(home, 'share/man/man1/nf-escrow.1')], {
      encoding: 'utf8',
      env: { ...process.env, LANG: 'C.UTF-8', MANPAGER: 'cat', MANWIDTH: '100' },
    });
    t.equal(page.stderr, '');
    t.match(page.stdout, /^ +nf-escrow secrets set NAME$/m);
  }
});

whenInstalled('runs for another user, through a link, with only Java on PATH', (t, at) => {
  const nextflow = realNextflow(t);
  const [account] = accounts(t, 1) ?? [];
  if (nextflow === undefined || account === undefined) return;
  const [tools, system] = programsWithoutNode(at.prefix, onPath('java'), nextflow);
  const user = new InstallingUser(account, tools);
  const escrow = (args: string[], input = '') => user.run([at.link, ...args], input);

  t.match(escrow(['--version']), { status: 0, stdout: `${packages?.version ?? ''}\n` });
  const value = randomBytes(16).toString('hex');
  const set = escrow(['secrets', 'set', 'FOO_KEY'], value);
  t.equal(set.status, 0, set.stderr);
  const [daemon] = pidsOf(account.uid);
  const node = join(at.home, 'node/bin/node');
  t.equal(readlinkSync(`/proc/${String(daemon)}/exe`), node, 'the daemon uses the Node of the tarball');
  user.write('main.nf', PIPELINE);
  t.match(escrow(['run', '--explain', 'main.nf']).stdout, `plugin nf-escrow ${packages?.version ?? ''}`);
  // Nextflow and its tasks need the programs of the system.
  const ran = new InstallingUser(account, `${tools}:${system}`).run([at.link, 'run', 'main.nf']);
  t.equal(ran.status, 0, ran.stdout + ran.stderr);
  t.match(ran.stdout, createHash('sha256').update(value).digest('hex'));
  const { runs } = JSON.parse(escrow(['runs', 'list', '--json']).stdout) as RunList;
  t.match(runs, [{ state: 'purged', exitStatus: 0 }]);
  const receipt = JSON.parse(escrow(['runs', 'receipt', runs[0]?.id ?? '', '--json']).stdout) as Receipt;
  t.equal(receipt.complete, true);
  t.equal(spawnSync('grep', ['-r', value, account.home], { encoding: 'utf8' }).stdout, '');
  t.equal(escrow(['daemon', 'stop']).status, 0);
});

whenInstalled('its modulefile works with Environment Modules and Lmod, also through a link', (t, at) => {
  const { NF_ESCROW_TEST_MODULECMD: environmentModules, NF_ESCROW_TEST_LMOD: lmod } = process.env;
  if (environmentModules === undefined || lmod === undefined) {
    skipUnlessRequired(t, 'Environment Modules and Lmod are not available');
    return;
  }
  const own = join(at.home, 'share/modulefiles');
  const linked = join(at.prefix, 'modulefiles');
  mkdirSync(join(linked, 'nf-escrow'), { recursive: true });
  const version = packages?.version ?? '';
  symlinkSync(join(own, 'nf-escrow', version), join(linked, 'nf-escrow', version));
  for (const command of [`tclsh ${environmentModules}`, `lua5.3 ${lmod}`])
    for (const MODULEPATH of [own, linked]) {
      const script = `module() { eval "$(${command} bash "$@" 2>&3)"; }
        module load nf-escrow && nf-escrow --version && command -v nf-escrow
        module unload nf-escrow && ! command -v nf-escrow`;
      const env = { PATH: '/usr/bin:/bin', HOME: at.prefix, MODULEPATH };
      const ended = spawnSync('bash', ['-c', script], {
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe', 2],
      });
      t.match(ended, { status: 0, stdout: `${version}\n${at.home}/bin/nf-escrow\n` }, command);
    }
});

whenInstalled('reports a glibc that is too old for the Node of the tarball', (t, at) => {
  // In a mount namespace: the name of the library of a system with glibc 2.17, and its getconf.
  const old = join(at.prefix, 'old');
  mkdirSync(old);
  writeFileSync(join(old, 'libc-2.17.so'), '');
  writeFileSync(join(at.prefix, 'getconf'), '#!/bin/sh\necho glibc 2.17\n', { mode: 0o755 });
  const library = `mount -t overlay overlay -o lowerdir=${old}:/usr/lib64 /usr/lib64`;
  const getconf = `mount --bind ${at.prefix}/getconf /usr/bin/getconf`;
  const run = (mounts: string) =>
    spawnSync('unshare', ['--mount', 'sh', '-c', `${mounts} && PATH= exec ${at.link} --version`], {
      encoding: 'utf8',
    });
  if (run(library).stdout === '') {
    t.pass('skipped', { skip: 'nothing may be mounted here' });
    return;
  }
  t.equal(run(library).status, 0, 'the file alone may be a leftover');
  t.match(run(`${library} && ${getconf}`), {
    status: 78,
    stdout: '',
    stderr:
      /^nf-escrow: cannot start Node\.js: .*node\/bin\/node requires glibc 2\.28 or later, and this system has glibc 2\.17\.\n +Install Node\.js 20\.19/,
  });
});
