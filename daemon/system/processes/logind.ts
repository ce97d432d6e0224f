import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The paths at which systemd keeps its settings for processes at logout. Tests pass their own. */
export interface LogindPaths {
  /** Exists while systemd is the init system: sd_booted(3). */
  readonly booted: string;
  /** Contains a file for each user whose services run without a session: loginctl(1), enable-linger. */
  readonly linger: string;
  /** The main file and the directories of drop-ins. For two files of the same name, the last directory wins. */
  readonly configuration: { readonly file: string; readonly dropIns: readonly string[] };
}

/** The paths of logind.conf(5). */
export const logindPaths: LogindPaths = {
  booted: '/run/systemd/system',
  linger: '/var/lib/systemd/linger',
  configuration: {
    file: '/etc/systemd/logind.conf',
    dropIns: ['/usr/lib/systemd/logind.conf.d', '/run/systemd/logind.conf.d', '/etc/systemd/logind.conf.d'],
  },
};

/** Returns whether systemd is the init system. */
export function isBootedBySystemd({ booted }: LogindPaths = logindPaths): boolean {
  return existsSync(booted);
}

/** Returns whether a user's services start at boot and keep running after the last session ends. */
export function isLingerEnabled(user: string, { linger }: LogindPaths = logindPaths): boolean {
  return existsSync(join(linger, user));
}

/**
 * Returns whether systemd kills all processes of the user's session at logout, including daemons: `KillUserProcesses`
 * (default `no`), limited by `KillOnlyUsers` and `KillExcludeUsers` (default `root`). Unreadable files count as empty.
 */
export function killsAtLogout(user: string, places: LogindPaths = logindPaths): boolean {
  if (!isBootedBySystemd(places)) return false;
  const settings = readLoginSection(places);
  if (!/^(yes|y|true|t|on|1)$/i.test(settings.get('KillUserProcesses') ?? 'no')) return false;
  const only = wordsOf(settings.get('KillOnlyUsers') ?? '');
  const except = wordsOf(settings.get('KillExcludeUsers') ?? 'root');
  return !except.includes(user) && (only.length === 0 || only.includes(user));
}

/** Reads the main file, then the drop-ins sorted by name regardless of their directories. */
function readLoginSection({ configuration: { file, dropIns } }: LogindPaths): Map<string, string> {
  const files = new Map<string, string>();
  for (const directory of dropIns)
    for (const name of listed(directory).filter((each) => each.endsWith('.conf')))
      files.set(name, join(directory, name));
  const inOrder = [...files].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path);
  const settings = new Map<string, string>();
  for (const path of [file, ...inOrder]) {
    let section = '';
    for (const line of textOf(path).split('\n')) {
      section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
      const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (section === 'Login' && key !== undefined && value !== undefined) settings.set(key, value);
    }
  }
  return settings;
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // missing or unreadable
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // missing or unreadable
  }
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
