import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../../../errors.ts';
import { O_PATH } from '../o-path.ts';
import { nearestExistingAncestor } from '../path-lookup.ts';
import { inheritedWriters, type Writer } from './access-control-list.ts';
import { groupTitle } from './local-accounts.ts';
import { ownerKind } from './user-namespace.ts';
import { isTrustedWriter, titleOfWriter } from './writable.ts';

/** Others who can write to what is made in a directory. */
export interface NewFileWriters {
  /** As a subject: "members of group 1005 (lab)". */
  readonly who: string;
  /** What lets them: the umask, or an access control list that the directory hands down. */
  readonly by: 'umask' | 'list';
  /** The directory is the user's own. */
  readonly isOwn: boolean;
}

const SETGID = 0o2000;
const WRITE_BY_GROUP = 0o020;
const WRITE_BY_OTHERS = 0o002;
const ENTER_BY_OTHERS = 0o011;

/**
 * Who besides the user and root can write to what a process of the user makes in a directory, by the modes that programs
 * ask for who leave them to the umask (0777, 0666). A directory that is not there is made likewise, in the nearest one
 * above that is. Undefined: nobody, also because nobody else can get there. `withLists`: asks whether the directory hands
 * an access control list down, which takes a process.
 */
export function writersOfNewFiles(
  path: string,
  umask: number,
  { withLists }: { readonly withLists: boolean },
): NewFileWriters | undefined {
  let fd;
  try {
    const real = realpathSync(nearestExistingAncestor(path));
    if (isClosed(real)) return undefined;
    fd = openSync(real, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const { mode, gid: its, uid } = fstatSync(fd);
    // A setgid directory hands its group down; else it is the process's (mkdir(2)).
    const gid = (mode & SETGID) === 0 ? (process.getegid?.() ?? its) : its;
    const isOwn = ownerKind(uid, real) === 'user';
    const inherited = withLists ? inheritedWriters(fd, gid) : 'none';
    if (inherited === undefined) {
      const who = `members of ${groupTitle(gid)}, or whomever an access control list names`;
      return { who, by: 'list', isOwn };
    }
    const by = inherited === 'none' ? 'umask' : 'list';
    const found = inherited === 'none' ? byUmask(umask, gid) : inherited;
    const who = found.byAll ? 'every user of this machine' : namesOf(found.writers, real);
    return who === undefined ? undefined : { who, by, isOwn };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined; // what cannot be reached is not written to either
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

function namesOf(writers: readonly Writer[], path: string): string | undefined {
  const others = writers.filter((writer) => !isTrustedWriter(writer, path)).map(titleOfWriter);
  return others.length === 0 ? undefined : others.slice(0, 3).join(', ').replace(/,$/, '');
}

/** Whether a directory, or one above it, is the user's and can be entered by nobody else. `path`: without links. */
export function isClosed(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const { mode, uid } = lstatSync(at);
    if ((mode & ENTER_BY_OTHERS) === 0 && ownerKind(uid, at) === 'user') return true;
    if (at === dirname(at)) return false;
  }
}
