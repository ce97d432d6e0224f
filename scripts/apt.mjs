// Installs packages of Debian for tests, without a change to packages that are already installed.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { run, say, which } from './steps.mjs';

/** The package creates a cluster, and a service starts it, unless this file says otherwise: pg_createcluster(1). */
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.conf';

const INSTALL = ['install', '-y', '-q', '--no-install-recommends', '--no-upgrade'];
/** In English, because the output of a simulation is parsed. */
const environment = () => ({ ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' });

/** Installs packages as root with apt. Otherwise prints how to install them and returns false. */
export function installSystemPackage(names, title) {
  if (process.getuid() !== 0 || !which('apt-get')) {
    say(`${title} is missing. Install it (Debian: apt-get install ${names}) and try again.`);
    return false;
  }
  const packages = names.split(' ');
  run('apt-get', ['update', '-q'], { env: environment() });
  const changed = changedPackages(simulate(packages));
  if (changed.length > 0) {
    say(
      `${title} is missing, and its installation would upgrade or remove ${changed.join(', ')}. Install it (apt-get install ${names}) and try again.`,
    );
    return false;
  }
  say(`${title} is missing: installing ${names} with apt-get`);
  run('apt-get', [...INSTALL, ...packages], { env: environment() });
  return true;
}

function simulate(packages) {
  const { status, stdout, stderr } = spawnSync('apt-get', ['-s', ...INSTALL, ...packages], {
    env: environment(),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`apt-get cannot install ${packages.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

/**
 * Returns the installed packages that a simulated installation (`apt-get -s`) upgrades or removes. apt prints the installed
 * version in brackets: `Inst NAME [OLD] (NEW …)`, `Remv NAME [OLD]`.
 */
export function changedPackages(simulated) {
  return [...simulated.matchAll(/^(?:Inst (\S+) \[|(?:Remv|Purg) (\S+))/gm)].map(
    ([, upgraded, removed]) => upgraded ?? removed,
  );
}

/** Installs PostgreSQL without a cluster, so that no server starts. */
export function installPostgres() {
  const title = 'PostgreSQL';
  if (process.getuid() !== 0) return installSystemPackage('postgresql', title);
  if (!existsSync(CLUSTER_SETTINGS) && !installSystemPackage('postgresql-common', title)) return false;
  const settings = readFileSync(CLUSTER_SETTINGS, 'utf8');
  writeFileSync(CLUSTER_SETTINGS, `${settings}\ncreate_main_cluster = false\n`);
  try {
    return installSystemPackage('postgresql', title);
  } finally {
    writeFileSync(CLUSTER_SETTINGS, settings);
  }
}

/**
 * Unpacks a package of Debian into a directory without installing it, so that it starts no service. Returns whether the
 * directory exists. Needs no root, but lists of packages (`apt-get update`).
 */
export function unpackSystemPackage(name, directory) {
  if (existsSync(directory)) return true;
  if (!which('apt-get') || !which('dpkg')) return false;
  say(`unpacking ${name} into ${directory} (once)`);
  mkdirSync(dirname(directory), { recursive: true });
  const work = mkdtempSync(join(dirname(directory), '.unpacking-'));
  try {
    if (process.getuid() === 0) run('apt-get', ['update', '-q'], { env: environment() });
    run('apt-get', ['download', '-q', name], { cwd: work, env: environment() });
    const [archive] = readdirSync(work).filter((file) => file.endsWith('.deb'));
    run('dpkg', ['-x', join(work, archive), join(work, 'files')]);
    renameSync(join(work, 'files'), directory);
    return true;
  } catch (error) {
    if (existsSync(directory)) return true; // another process was faster
    say(`${name} cannot be unpacked: ${error.message}`);
    return false;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
