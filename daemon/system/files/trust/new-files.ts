import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../../../errors.ts';
import { O_PATH } from '../o-path.ts';
import { nearestExistingAncestor } from '../path-lookup.ts';
import { inheritedWriters, type Writer } from './access-control-list.ts';
import { groupTitle } from './local-accounts.ts';
import type { TrustedOwners } from './trusted-owners.ts';
import { ownerKind } from './user-namespace.ts';
import { isTrustedWriter, titleOfWriter } from './writable.ts';

/** Other users who can write to new files in a directory. */
export interface NewFileWriters {
  /** As a noun phrase: "members of group 1005 (lab)". */
  readonly who: string;
  /** The reason: the umask, or the directory's default access control list. */
  readonly by: 'umask' | 'list';
  /** Whether the directory belongs to the user. */
  readonly isOwn: boolean;
}

const SETGID = 0o2000;
const WRITE_BY_GROUP = 0o020;
const WRITE_BY_OTHERS = 0o002;
const ENTER_BY_OTHERS = 0o011;

/**
 * Returns who besides the user, root and `owners` can write to files that the user creates in a directory, if programs leave the modes to
 * the umask (0777, 0666). For a missing directory, examines the nearest existing ancestor. Undefined: nobody, or nobody else can
 * reach the directory. `withLists`: also checks the default access control list, which starts a process.
 */
export function writersOfNewFiles(
  path: string,
  umask: number,
  { withLists, owners }: { readonly withLists: boolean; readonly owners: TrustedOwners },
): NewFileWriters | undefined {
  let fd;
  try {
    const real = realpathSync(nearestExistingAncestor(path));
    if (isClosed(real)) return undefined;
    fd = openSync(real, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const { mode, gid: its, uid } = fstatSync(fd);
    // New files get the group of a setgid directory, else that of the process (mkdir(2)).
    const gid = (mode & SETGID) === 0 ? (process.getegid?.() ?? its) : its;
    const isOwn = ownerKind(uid, real) === 'user';
    const inherited = withLists ? inheritedWriters(fd, gid) : 'none';
    if (inherited === undefined) {
      const who = `members of ${groupTitle(gid)}, or others in an access control list`;
      return { who, by: 'list', isOwn };
    }
    const by = inherited === 'none' ? 'umask' : 'list';
    const found = inherited === 'none' ? byUmask(umask, gid) : inherited;
    const who = found.byAll ? 'every user of this machine' : namesOf(found.writers, real, owners);
    return who === undefined ? undefined : { who, by, isOwn };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined; // an unreachable directory gets no files
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function byUmask(
  umask: number,
  gid: number,
): { readonly writers: readonly Writer[]; readonly byAll: boolean } {
  const writers: Writer[] =
    (umask & WRITE_BY_GROUP) === 0 ? [{ kind: 'group', id: gid, isListed: false }] : [];
  return { writers, byAll: (umask & WRITE_BY_OTHERS) === 0 };
}

function namesOf(writers: readonly Writer[], path: string, owners: TrustedOwners): string | undefined {
  const others = writers.filter((writer) => !isTrustedWriter(writer, path, owners)).map(titleOfWriter);
  return others.length === 0 ? undefined : others.slice(0, 3).join(', ').replace(/,$/, '');
}

/** Returns whether the directory or an ancestor belongs to the user and nobody else can enter it. `path`: without links. */
export function isClosed(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const { mode, uid } = lstatSync(at);
    if ((mode & ENTER_BY_OTHERS) === 0 && ownerKind(uid, at) === 'user') return true;
    if (at === dirname(at)) return false;
  }
}
