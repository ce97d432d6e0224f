import { existsSync, lstatSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { ownPluginsDirectory } from '../nextflow/plugin/plugins-directory.ts';
import { userUnitPath } from '../system/user-unit.ts';
import { hasCronLines } from './crontab.ts';
import { daemonCommandPath } from './daemon-command.ts';
import { uninstallDaemon } from './install-daemon.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Where {
  readonly settings: Settings;
  readonly env: Environment;
}

/** What nf-escrow has created for a user on this host. */
export interface Installed {
  /** What starts the daemon, as phrases: its unit, its lines in the crontab. */
  readonly starters: readonly string[];
  /** Directories and files that can be created again: sockets, installed plugins. */
  readonly files: readonly string[];
  /** Directories and files with the secrets, the records of runs, the settings and the keys. */
  readonly state: readonly string[];
  /** An entry of the state directory that nf-escrow did not create. The directory must then not be deleted. */
  readonly foreign: string | undefined;
  /** Directories that are removed if they are empty. */
  readonly parents: readonly string[];
}

/** Entries of the state directory, which is also the configuration directory if NF_ESCROW_HOME is set. */
const ENTRY =
  /^(?:ledger\.db.*|daemon[.-].*|nextflow-versions\.json|spool|runs|plugins|output|aws|scratch|config\.yaml|vault\.key.*|request\.key|servers\.json)$/;
/** Our plugins in Nextflow's plugins directory. */
const PLUGIN = /^nf-escrow(?:-aws)?-\d+\.\d+\.\d+$/;

/** Finds what `uninstall` removes. Changes nothing. */
export async function findInstalled({ settings, env }: Where): Promise<Installed> {
  const unit = userUnitPath(env);
  const { paths } = settings;
  const sockets = [paths.socketDirectory, ...(paths.stateSocket ? [dirname(paths.stateSocket)] : [])];
  const config = [paths.configFile, paths.keyFile, paths.requestKeyFile, paths.serversFile];
  const starters = [
    ...(existsSync(unit) ? [`the unit ${unit}`] : []),
    ...((await hasCronLines(env)) ? ['the lines of nf-escrow in your crontab'] : []),
    ...(existsSync(daemonCommandPath(settings)) ? [daemonCommandPath(settings)] : []),
  ];
  return {
    starters,
    files: [...new Set([...sockets, ...installedPlugins(env)])].filter(exists),
    state: [paths.state, ...config.filter((path) => !path.startsWith(`${paths.state}/`))].filter(exists),
    foreign: foreignEntry(paths.state),
    parents: [dirname(paths.configFile), paths.runs],
  };
}

/** NF_ESCROW_HOME may name a directory with other files, such as the home of the user. */
function foreignEntry(state: string): string | undefined {
  if (!existsSync(state)) return undefined;
  const entries = readdirSync(state);
  // A host has a lock and a directory with its sockets.
  const hosts = entries.flatMap((name) => /^daemon\.(.+?)(?:\.start)?\.lock$/.exec(name)?.[1] ?? []);
  return entries.find((name) => !ENTRY.test(name) && ![hostname(), ...hosts].includes(name));
}

function installedPlugins(env: Environment): string[] {
  const directory = ownPluginsDirectory({ env, directory: process.cwd() });
  try {
    return readdirSync(directory)
      .filter((name) => PLUGIN.test(name))
      .map((name) => join(directory, name));
  } catch {
    return []; // not found or not readable: nf-escrow has not installed its plugins there
  }
}

/** Removes what starts the daemon, and the files that can be created again. The daemon must have stopped. Idempotent. */
export async function removeInstalled(where: Where, { files }: Installed): Promise<void> {
  await uninstallDaemon(where);
  remove(files);
}

/** Removes the state, and directories that are empty then. */
export function removeState({ state, parents }: Installed): void {
  remove(state);
  for (const directory of parents) {
    try {
      rmdirSync(directory);
    } catch {
      continue; // it has other files, or does not exist
    }
  }
}

/** Removes links, not their targets. */
function remove(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { recursive: true, force: true });
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
