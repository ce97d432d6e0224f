import { spawnSync } from 'node:child_process';

/** Whom the group bits of a mode let write: the owning group, or users and groups of an access control list. */
export interface Writer {
  readonly kind: 'user' | 'group';
  readonly id: number;
  /** It is an entry of an access control list, and not the owning group. */
  readonly isListed: boolean;
}

/** Not the user's PATH: what decides whether something is trusted must not come from a directory that is not. */
const SYSTEM_PATH = '/usr/bin:/bin:/usr/sbin:/sbin:/run/current-system/sw/bin';
const LIMIT_MS = 5000;

/**
 * Whom the group bits of an open file or directory let write; undefined where that cannot be told. With an access control
 * list the group bits are its mask, which bounds all of its entries (acl(5)): where they have no `w`, none can write, and
 * this need not be asked. Node reads no extended attributes, so `getfacl` does; without it the `+` of GNU `ls -ld` tells at
 * least whether there is a list.
 */
export function writersByGroupBits(
  fd: number,
  gid: number,
  path = SYSTEM_PATH,
): readonly Writer[] | undefined {
  // The descriptor is what was verified; its name would be looked up again.
  const listed = ask(path, fd, 'getfacl', ['-cnpE', '--', '/proc/self/fd/0']);
  if (listed !== undefined) return parseList(listed, gid);
  if (hasList(path, fd) !== false) return undefined;
  return [{ kind: 'group', id: gid, isListed: false }];
}

/** Whom the access control list that a directory hands down lets write to what is made in it, whatever the umask says. */
export interface InheritedWriters {
  readonly writers: readonly Writer[];
  /** Everybody can. */
  readonly byAll: boolean;
}

/**
 * What an open directory hands down to what is made in it; `none`: no list, so that the umask counts. Undefined where that
 * cannot be told. `gid`: the group that a new file has.
 */
export function inheritedWriters(
  fd: number,
  gid: number,
  path = SYSTEM_PATH,
): InheritedWriters | 'none' | undefined {
  const listed = ask(path, fd, 'getfacl', ['-cnpE', '--', '/proc/self/fd/0']);
  if (listed === undefined) return hasList(path, fd) === false ? 'none' : undefined;
  const entries = listed
    .split('\n')
    .filter((line) => line.startsWith('default:'))
    .map((line) => line.slice('default:'.length))
    .join('\n');
  if (entries === '') return 'none';
  const writers = parseList(entries, gid);
  return writers === undefined ? undefined : { writers, byAll: /^other::[r-]w/m.test(entries) };
}

/** Whether GNU `ls` marks that there is a list; undefined where that cannot be told. */
function hasList(path: string, fd: number): boolean | undefined {
  const line = ask(path, fd, 'ls', ['-ldL', '--', '/proc/self/fd/0']);
  const mark = /^[a-z-][rwxsStT-]{9}([ .+@])/.exec(line ?? '')?.[1];
  if (mark === '+') return true;
  if (mark !== ' ' && mark !== '.') return undefined;
  // Other implementations of `ls` show no mark at all.
  return ask(path, fd, 'ls', ['--version'])?.includes('GNU coreutils') === true ? false : undefined;
}

/** Reads the output of `getfacl -cnE`: entries that the mask lets write, but for those that are inherited. */
export function parseList(text: string, gid: number): readonly Writer[] | undefined {
  const entries = text
    .split('\n')
    .map((line) => /^(user|group|mask):(\d*):([r-][w-][x-])/.exec(line))
    .filter((found) => found !== null)
    .map(([, kind = '', id = '', rights = '']) => ({ kind, id, writes: rights[1] === 'w' }));
  if (!entries.some(({ kind, id }) => kind === 'group' && id === '')) return undefined; // not an answer of getfacl
  if (entries.some(({ kind, writes }) => kind === 'mask' && !writes)) return [];
  return entries.flatMap(({ kind, id, writes }): Writer[] => {
    if (!writes || kind === 'mask' || (kind === 'user' && id === '')) return [];
    const isListed = id !== '';
    return [{ kind: kind === 'user' ? 'user' : 'group', id: isListed ? Number(id) : gid, isListed }];
  });
}

/** The standard output of a program that is given the descriptor as its input; undefined where it is not there or fails. */
function ask(path: string, fd: number, program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, {
    env: { PATH: path, LC_ALL: 'C' },
    stdio: [fd, 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  return status === 0 ? stdout : undefined;
}
