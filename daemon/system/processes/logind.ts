import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where systemd keeps what decides over processes at logout; a test has its own. */
export interface LogindPaths {
  /** There while systemd runs the machine: sd_booted(3). */
  readonly booted: string;
  /** Has a file for each user whose services stay when nobody is logged in: loginctl(1), enable-linger. */
  readonly linger: string;
  /** The main file, and the directories of drop-ins; of two files of one name the last directory's counts. */
  readonly configuration: { readonly file: string; readonly dropIns: readonly string[] };
}

/** logind.conf(5). */
export const logindPaths: LogindPaths = {
  booted: '/run/systemd/system',
  linger: '/var/lib/systemd/linger',
  configuration: {
    file: '/etc/systemd/logind.conf',
    dropIns: ['/usr/lib/systemd/logind.conf.d', '/run/systemd/logind.conf.d', '/etc/systemd/logind.conf.d'],
  },
};

export function isBootedBySystemd({ booted }: LogindPaths = logindPaths): boolean {
  return existsSync(booted);
}

/** Whether a user's services stay when the last session ends, and start with the machine. */
export function isLingerEnabled(user: string, { linger }: LogindPaths = logindPaths): boolean {
  return existsSync(join(linger, user));
}

/**
 * Whether systemd ends all processes of a user's session at its end, daemons too: `KillUserProcesses`, `no` where nothing
 * is said; then `KillOnlyUsers` and `KillExcludeUsers` (root) say of whom. What cannot be read says nothing.
 */
export function killsAtLogout(user: string, places: LogindPaths = logindPaths): boolean {
  if (!isBootedBySystemd(places)) return false;
  const said = readLoginSection(places);
  if (!/^(yes|y|true|t|on|1)$/i.test(said.get('KillUserProcesses') ?? 'no')) return false;
  const only = wordsOf(said.get('KillOnlyUsers') ?? '');
  const except = wordsOf(said.get('KillExcludeUsers') ?? 'root');
  return !except.includes(user) && (only.length === 0 || only.includes(user));
}

/** Drop-ins come after the main file, in the order of their names whatever their directories. */
function readLoginSection({ configuration: { file, dropIns } }: LogindPaths): Map<string, string> {
  const files = new Map<string, string>();
  for (const directory of dropIns)
    for (const name of listed(directory).filter((each) => each.endsWith('.conf')))
      files.set(name, join(directory, name));
  const inOrder = [...files].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path);
  const said = new Map<string, string>();
  for (const path of [file, ...inOrder]) {
    let section = '';
    for (const line of textOf(path).split('\n')) {
      section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
      const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (section === 'Login' && key !== undefined && value !== undefined) said.set(key, value);
    }
  }
  return said;
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // not there, or not for us to read
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // likewise
  }
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
