// The packages of Debian that tests need, and how to recognize that they are available.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installPostgres, installSystemPackage, installTogether } from './apt.mjs';
import { which } from './steps.mjs';

/** Where Debian installs the programs of PostgreSQL, by version. */
const POSTGRES = '/usr/lib/postgresql';
/** Programs from which tests start nf-escrow. Their packages have the same names. */
const CALLERS = ['zsh', 'dash', 'tcsh', 'fish', 'at', 'sudo'];
const LUA_LIBRARIES = 'for _, name in ipairs({"posix", "lfs", "json", "term"}) do require(name) end';

const onPath = (...names) => names.every((name) => which(name) !== undefined);
const onPathOfRoot = (...names) =>
  names.every((name) => which(name, `${process.env.PATH}:/usr/sbin`) !== undefined);
const unless = (isAvailable, ...packages) => ({ missing: () => (isAvailable() ? [] : packages) });

/**
 * Groups of packages, in the order in which they are installed. `missing` returns the packages to install: none if what they provide
 * is available. `isOptional` marks a group that is not in every distribution. `install` replaces the usual installation of a group, and
 * `together` the packages that can be installed together with those of other groups.
 */
export const SYSTEM_PACKAGES = {
  java: { title: 'Java 17', ...unless(() => findJava() !== undefined, 'openjdk-17-jre-headless') },
  jdk: { title: 'A JDK (17 or later)', ...unless(() => onPath('javac'), 'default-jdk-headless') },
  maven: { title: 'Maven', ...unless(() => onPath('mvn'), 'maven') },
  // Access control lists.
  acl: { title: 'acl', ...unless(() => onPath('setfacl'), 'acl') },
  // A test verifies that data is on disk before the response.
  strace: { title: 'strace', ...unless(() => onPath('strace'), 'strace') },
  podman: { title: 'Podman', ...unless(() => onPath('podman', 'runc'), 'podman', 'runc') },
  charliecloud: { title: 'Charliecloud', ...unless(() => onPath('ch-run'), 'charliecloud-runtime') },
  venv: { title: 'Python 3 with venv', ...unless(canMakeVenv, 'python3-venv') },
  slurm: {
    title: 'Slurm',
    ...unless(
      () => onPathOfRoot('slurmctld', 'slurmd', 'sbatch', 'munged'),
      ...['slurmctld', 'slurmd', 'slurm-client', 'munge'],
    ),
  },
  postgres: {
    title: 'PostgreSQL',
    ...unless(hasPostgres, 'postgresql'),
    install: installPostgres,
    together: ['postgresql-common'],
  },
  // Environment Modules and Lmod run on them.
  interpreters: {
    title: 'Tcl and Lua',
    ...unless(
      () => onPath('tclsh') && spawnSync('lua5.3', ['-e', LUA_LIBRARIES]).status === 0,
      ...['tcl', 'lua5.3', 'lua-posix', 'lua-filesystem', 'lua-json', 'lua-term'],
    ),
    isOptional: true,
  },
  gridEngine: {
    title: 'Grid Engine',
    ...unless(
      () => onPathOfRoot('sge_qmaster') && onPath('qsub'),
      ...['gridengine-master', 'gridengine-exec', 'gridengine-client'],
    ),
    isOptional: true,
  },
  // For the test of `daemon install`.
  cron: { title: 'cron', ...unless(() => onPath('crontab'), 'cron') },
  callers: {
    title: 'A program from which tests start nf-escrow',
    missing: () => CALLERS.filter((name) => !onPath(name)),
  },
  // Chromium, and the font of the page in tests.
  chromium: {
    title: 'Chromium',
    ...unless(() => onPath('chromium') && hasFont('DejaVuSans.ttf'), 'chromium', 'fonts-dejavu-core'),
    isOptional: true,
  },
  // A network file system is imitated with it.
  bindfs: { title: 'bindfs', ...unless(() => onPath('bindfs'), 'bindfs') },
};

/** Installs a group if it is missing. Returns whether it is available. */
export function ensureSystemPackages(name) {
  const { title, missing, isOptional, install = installSystemPackage } = SYSTEM_PACKAGES[name];
  const packages = missing();
  if (packages.length === 0) return true;
  try {
    return install(packages.join(' '), title);
  } catch (error) {
    if (isOptional) return false;
    throw error;
  }
}

/**
 * Installs all missing groups in one call of apt, because each call takes long, for example to index manual pages. Leaves groups that
 * cannot be installed like this to ensureSystemPackages, which also reports them.
 */
export function installMissingSystemPackages() {
  const groups = Object.values(SYSTEM_PACKAGES).map(({ missing, together }) => {
    const packages = missing();
    return packages.length === 0 ? packages : (together ?? packages);
  });
  installTogether(groups.filter((packages) => packages.length > 0));
}

/** Returns the path of Java 17 or later, or undefined. */
export function findJava() {
  const { JAVA_CMD, JAVA_HOME } = process.env;
  const candidates = [JAVA_CMD, JAVA_HOME && join(JAVA_HOME, 'bin/java'), which('java')].filter(Boolean);
  return candidates.find((path) => {
    const { status, stderr } = spawnSync(path, ['-version'], { encoding: 'utf8' });
    return status === 0 && Number(/version "(\d+)/.exec(stderr)?.[1]) >= 17;
  });
}

/** Returns whether Python can create virtual environments. */
export function canMakeVenv() {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0;
}

function hasPostgres() {
  const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES) : [];
  return versions.some((version) => existsSync(join(POSTGRES, version, 'bin/initdb')));
}

/** Returns whether a file of a font is installed. */
export function hasFont(file) {
  const fonts = '/usr/share/fonts';
  return (
    existsSync(fonts) && readdirSync(fonts, { recursive: true }).some((path) => path.endsWith(`/${file}`))
  );
}
