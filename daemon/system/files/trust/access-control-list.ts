import { outputOf, SYSTEM_PATH } from './system-program.ts';

/** A writer that a mode's group bits permit: the owning group, or an entry of an access control list. */
export interface Writer {
  readonly kind: 'user' | 'group';
  readonly id: number;
  /** True for an entry of an access control list, false for the owning group. */
  readonly isListed: boolean;
}

const LIMIT_MS = 5000;

/**
 * Returns the writers that the group bits of an open file or directory permit. Undefined if that cannot be determined. With an
 * access control list, the group bits are its mask, which limits all entries (acl(5)): without `w` no entry can write, and the
 * caller need not ask. Node cannot read extended attributes, so this runs `getfacl`. Without it, the `+` of GNU `ls -ld` shows
 * at least whether there is a list.
 */
export function writersByGroupBits(
  fd: number,
  gid: number,
  path = SYSTEM_PATH,
): readonly Writer[] | undefined {
  // Pass the verified descriptor. The name would be resolved again.
  const listed = ask(path, fd, 'getfacl', ['-cnpE', '--', '/proc/self/fd/0']);
  if (listed !== undefined) return parseList(listed, gid);
  if (hasList(path, fd) !== false) return undefined;
  return [{ kind: 'group', id: gid, isListed: false }];
}

/** Writers of new files according to the default access control list of their directory, which overrides the umask. */
export interface InheritedWriters {
  readonly writers: readonly Writer[];
  /** Whether every user can write. */
  readonly byAll: boolean;
}

/**
 * Returns the writers of new files according to an open directory's default list. `none`: there is no such list, and the umask
 * counts. Undefined if that cannot be determined. `gid`: the group of new files.
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

/** Returns whether GNU `ls` marks an access control list. Undefined if that cannot be determined. */
function hasList(path: string, fd: number): boolean | undefined {
  const line = ask(path, fd, 'ls', ['-ldL', '--', '/proc/self/fd/0']);
  const mark = /^[a-z-][rwxsStT-]{9}([ .+@])/.exec(line ?? '')?.[1];
  if (mark === '+') return true;
  if (mark !== ' ' && mark !== '.') return undefined;
  // Other implementations of `ls` print no mark.
  return ask(path, fd, 'ls', ['--version'])?.includes('GNU coreutils') === true ? false : undefined;
}

/** Parses the output of `getfacl -cnE`. Returns entries with write permission under the mask, except inherited ones. */
export function parseList(text: string, gid: number): readonly Writer[] | undefined {
  const entries = text
    .split('\n')
    .map((line) => /^(user|group|mask):(\d*):([r-][w-][x-])/.exec(line))
    .filter((found) => found !== null)
    .map(([, kind = '', id = '', rights = '']) => ({ kind, id, writes: rights[1] === 'w' }));
  if (!entries.some(({ kind, id }) => kind === 'group' && id === '')) return undefined; // not output of getfacl
  if (entries.some(({ kind, writes }) => kind === 'mask' && !writes)) return [];
  return entries.flatMap(({ kind, id, writes }): Writer[] => {
    if (!writes || kind === 'mask' || (kind === 'user' && id === '')) return [];
    const isListed = id !== '';
    return [{ kind: kind === 'user' ? 'user' : 'group', id: isListed ? Number(id) : gid, isListed }];
  });
}

/** Returns the standard output of a program with the descriptor as its input. Undefined if it is missing or fails. */
function ask(path: string, fd: number, program: string, args: readonly string[]): string | undefined {
  return outputOf(program, args, { input: fd, limitMs: LIMIT_MS, path });
}
