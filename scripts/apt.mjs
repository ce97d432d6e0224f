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

let areListsCurrent = false;

/** Downloads the lists of packages, once per process. */
function updateLists() {
  if (areListsCurrent) return;
  run('apt-get', ['update', '-q'], { env: environment() });
  areListsCurrent = true;
}

/** Installs packages as root with apt. Otherwise prints how to install them and returns false. */
export function installSystemPackage(names, title) {
  if (process.getuid() !== 0 || !which('apt-get')) {
    say(`${title} is missing. Install it (Debian: apt-get install ${names}) and try again.`);
    return false;
  }
  const packages = names.split(' ');
  updateLists();
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

/** Installs groups of packages with one call of apt, as far as chooseGroups permits. Prints no reason for a group that it omits. */
export function installTogether(groups) {
  if (groups.length === 0 || process.getuid() !== 0 || !which('apt-get')) return;
  try {
    updateLists();
    const packages = chooseGroups(groups, canInstall).flat();
    if (packages.length === 0) return;
    say(`installing with apt-get what tests need: ${packages.join(' ')}`);
    run('apt-get', [...INSTALL, ...packages], { env: environment() });
  } catch {
    // The caller installs each group that is still missing separately, which reports the error.
  }
}

/**
 * Returns the groups of packages to install together: all, or those that can be installed separately, or none. A group cannot be
 * installed if a distribution does not have it, or if it would change an installed package.
 */
export function chooseGroups(groups, canInstall) {
  if (canInstall(groups.flat())) return groups;
  const possible = groups.filter((packages) => canInstall(packages));
  return possible.length > 0 && canInstall(possible.flat()) ? possible : [];
}

/** Returns whether apt can install packages without a change to installed packages. */
function canInstall(packages) {
  try {
    return changedPackages(simulate(packages)).length === 0;
  } catch {
    return false;
  }
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
export function installPostgres(names, title) {
  if (process.getuid() !== 0) return installSystemPackage(names, title);
  if (!existsSync(CLUSTER_SETTINGS) && !installSystemPackage('postgresql-common', title)) return false;
  const settings = readFileSync(CLUSTER_SETTINGS, 'utf8');
  writeFileSync(CLUSTER_SETTINGS, `${settings}\ncreate_main_cluster = false\n`);
  try {
    return installSystemPackage(names, title);
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
    if (process.getuid() === 0) updateLists();
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
