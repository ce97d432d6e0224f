// Brings a fresh clone to where it can be run: dependencies, generated types, compiled code, a Java and a Nextflow.
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
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from './plugin.mjs';
import { root, run, say, which } from './steps.mjs';

const NEXTFLOW_VERSION = '24.10.0';
/** Stands in for AWS in tests. */
const MOTO_VERSION = '5.2.5';
/** With which Nextflow's tasks on AWS Batch fetch and store their files; only for a test that has such a Nextflow. */
const AWS_CLI_VERSION = '1.46.3';

/** npm ci, when the lock file is not the one that node_modules was made from. */
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

/** Types from the schemas, then tsc. Incremental: a second call has little to do. */
export function ensureBuilt() {
  say('compiling (tsc)');
  run(process.execPath, ['scripts/generate-types.mjs']);
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
  removeStale();
  chmodSync(join(root, 'dist/daemon/main.js'), 0o755);
}

/** What was compiled from sources that are gone by now: a test among it would still be run. */
function removeStale() {
  for (const room of ['daemon', 'test'])
    for (const file of readdirSync(join(root, 'dist', room), { recursive: true })) {
      const [, stem] = /^(.+?)\.js(?:\.map)?$/.exec(file) ?? [];
      if (stem !== undefined && !existsSync(join(root, room, `${stem}.ts`)))
        rmSync(join(root, 'dist', room, file));
    }
}

/** A Java of 17 or later; undefined, with one line that says how, where there is none and it cannot be installed. */
export function ensureJava() {
  const java = findJava();
  if (java !== undefined) return java;
  if (!installSystemPackage('openjdk-17-jre-headless', 'Java 17')) return undefined;
  return findJava();
}

function findJava() {
  const { JAVA_CMD, JAVA_HOME } = process.env;
  const candidates = [JAVA_CMD, JAVA_HOME && join(JAVA_HOME, 'bin/java'), which('java')].filter(Boolean);
  return candidates.find((path) => {
    const { status, stderr } = spawnSync(path, ['-version'], { encoding: 'utf8' });
    return status === 0 && Number(/version "(\d+)/.exec(stderr)?.[1]) >= 17;
  });
}

/**
 * The Nextflow for tests and demo: NF_ESCROW_NEXTFLOW, else `nextflow` on PATH, else 24.10.0 from Maven Central in a
 * cache. Undefined, with one line that says how, where none can be had.
 */
export function ensureNextflow() {
  const named = process.env.NF_ESCROW_NEXTFLOW;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`NF_ESCROW_NEXTFLOW is ${named}, which is not there.`);
  }
  return which('nextflow') ?? cachedNextflow();
}

function cacheDirectory() {
  return join(process.env.XDG_CACHE_HOME || join(process.env.HOME || homedir(), '.cache'), 'nf-escrow');
}

function cachedNextflow() {
  const cache = cacheDirectory();
  const home = join(cache, `nextflow-${NEXTFLOW_VERSION}`);
  const launcher = join(home, 'nextflow');
  if (!existsSync(home)) {
    if (!which('mvn') && !installSystemPackage('maven', 'Maven')) return undefined;
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(join(cache, '.fetching-'));
    try {
      fetchNextflow(work);
      renameSync(work, home);
    } catch (error) {
      if (!existsSync(launcher)) throw error; // else another one was faster
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
 * The Nextflow plugin, built when its sources have changed; false, with one line that says how, where it cannot be. A
 * nf-escrow without it works, with Nextflow's own format of secrets.
 */
export function ensurePlugin() {
  if (!which('javac') && !installSystemPackage('default-jdk-headless', 'A JDK (17 or later)')) return false;
  if (!which('mvn') && !installSystemPackage('maven', 'Maven')) return false;
  buildPlugin();
  return true;
}

/**
 * The Python of a virtual environment in the cache that has moto, the stand-in for AWS: `PYTHON -m moto.server`.
 * Undefined, with one line that says how, where there is no Python and it cannot be installed.
 */
export function ensureMoto() {
  const home = ensureVenv(`moto-${MOTO_VERSION}`, `moto[server]==${MOTO_VERSION}`);
  return home === undefined ? undefined : join(home, 'bin/python');
}

/** The AWS command line, version 1, in a virtual environment of its own; undefined likewise. */
export function ensureAwsCli() {
  const home = ensureVenv(`awscli-${AWS_CLI_VERSION}`, `awscli==${AWS_CLI_VERSION}`);
  return home === undefined ? undefined : join(home, 'bin/aws');
}

/** A virtual environment in the cache with one package and what that needs. Its programs name it by its path: it is made in place. */
function ensureVenv(name, requirement) {
  const cache = cacheDirectory();
  const home = join(cache, name);
  const done = join(home, '.complete');
  if (existsSync(done)) return home;
  if (!canMakeVenv() && !(installSystemPackage('python3-venv', 'Python 3 with venv') && canMakeVenv()))
    return undefined;
  mkdirSync(cache, { recursive: true });
  say(`installing ${requirement} with pip (once)`);
  run('python3', ['-m', 'venv', home]);
  const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', requirement];
  run(join(home, 'bin/python'), install);
  writeFileSync(done, '');
  return home;
}

function canMakeVenv() {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
}

/** strace, with which a test sees that what is answered is on the disk; false where there is none and it cannot be had. */
export function ensureStrace() {
  return which('strace') !== undefined || installSystemPackage('strace', 'strace');
}

/** `setfacl`, by which tests give directories access control lists; false where it is not there and cannot be had. */
export function ensureAcl() {
  return which('setfacl') !== undefined || installSystemPackage('acl', 'acl');
}

/** Container engines that the tests start tasks in; each false where there is none and it cannot be had. */
export function ensureContainers() {
  const podman = which('podman') && which('runc') ? true : installSystemPackage('podman runc', 'Podman');
  const charliecloud = which('ch-run') ? true : installSystemPackage('charliecloud-runtime', 'Charliecloud');
  return { podman, charliecloud };
}

/** The programs of a Slurm that the tests start by themselves; false where there is none and it cannot be had. */
export function ensureSlurm() {
  const programs = ['slurmctld', 'slurmd', 'sbatch', 'munged'];
  const path = `${process.env.PATH}:/usr/sbin`;
  if (programs.every((name) => which(name, path))) return true;
  return installSystemPackage('slurmctld slurmd slurm-client munge', 'Slurm');
}

/** `bindfs`: by it a file system as of the network; false where there is none and it cannot be had. */
export function ensureBindfs() {
  return which('bindfs') ? true : installSystemPackage('bindfs', 'bindfs');
}

/** Grid Engine, which the tests start by themselves. Where it cannot be had they go without. */
export function ensureGridEngine() {
  if (which('sge_qmaster', `${process.env.PATH}:/usr/sbin`) && which('qsub')) return true;
  try {
    return installSystemPackage('gridengine-master gridengine-exec gridengine-client', 'Grid Engine');
  } catch {
    return false; // it is not in every distribution
  }
}

/** `crontab`, for the test of `daemon install`; false where there is none and it cannot be had. */
export function ensureCron() {
  return which('crontab') ? true : installSystemPackage('cron', 'cron');
}

/** Installs system packages where that can be done: as root, with apt. Says so before; says how, where it cannot. */
function installSystemPackage(names, title) {
  if (process.getuid() !== 0 || !which('apt-get')) {
    say(`${title} is missing. Install it (Debian: apt-get install ${names}) and run this again.`);
    return false;
  }
  say(`${title} is missing: installing the system package ${names} (apt-get)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-q'], { env });
  run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names.split(' ')], { env });
  return true;
}
