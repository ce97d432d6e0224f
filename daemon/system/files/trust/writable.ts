import type { Stats } from 'node:fs';
import { writersByGroupBits, type Writer } from './access-control-list.ts';
import { groupTitle, isPrivateGroup, userTitle } from './local-accounts.ts';
import { isForeign, userAndRoot, type TrustedOwners } from './trusted-owners.ts';

/** An open file or directory, with its state. */
export interface Found {
  readonly fd: number;
  readonly path: string;
  readonly stats: Stats;
}

const BY_OTHERS = 0o002;
const BY_GROUP = 0o020;
const STICKY = 0o1000;

/** What matters besides the file or directory itself. */
interface Circumstances {
  readonly isClosed: boolean;
  readonly isAncestor: boolean;
  readonly owners?: TrustedOwners | undefined;
}

/**
 * Returns who besides the user, root and trusted owners can write to a file or directory, as the subject of "can write to it". Undefined if
 * nobody can.
 *
 * `isClosed`: an ancestor belongs to the user and nobody else can enter it, so that group permissions have no effect unless the
 * file has another hard link.
 * `isAncestor`: the directory is only traversed. Then a sticky directory suffices, because nobody else can rename entries of
 * the user or root there.
 */
export function otherWriters(
  { fd, path, stats }: Found,
  { isClosed, isAncestor, owners = userAndRoot }: Circumstances,
): string | undefined {
  const { mode, gid } = stats;
  if (isAncestor && (mode & STICKY) !== 0) return undefined;
  if ((mode & BY_OTHERS) !== 0) return 'every user of this machine';
  const isOutOfReach = isClosed && (stats.isDirectory() || stats.nlink === 1);
  if ((mode & BY_GROUP) === 0 || isOutOfReach) return undefined;
  const writers = listWriters(fd, stats);
  if (writers === undefined)
    return `members of ${groupTitle(gid)}, or others in an access control list (getfacl is not installed),`;
  const others = writers.filter((writer) => !isTrustedWriter(writer, path, owners)).map(titleOfWriter);
  return others.length === 0 ? undefined : others.slice(0, 3).join(', ');
}

/** Returns whether a writer is the user, root, a trusted owner, or a group without other members. */
export function isTrustedWriter({ kind, id }: Writer, path: string, owners: TrustedOwners): boolean {
  if (kind === 'user') return !isForeign(id, path, owners);
  return isPrivateGroup(id, undefined, undefined, owners.has);
}

/** Describes a writer for display. */
export function titleOfWriter({ kind, id, isListed }: Writer): string {
  const title = kind === 'group' ? `members of ${groupTitle(id)}` : userTitle(id);
  return isListed ? `${title}, by an access control list,` : title;
}

/** Cache, because a daemon checks the same directories repeatedly. A change of mode or list changes the ctime. */
const remembered = new Map<string, readonly Writer[] | undefined>();
const REMEMBERED_MAX = 256;

function listWriters(fd: number, { dev, ino, ctimeMs, mode, gid }: Stats): readonly Writer[] | undefined {
  const key = [dev, ino, ctimeMs, mode, gid].join(':');
  if (remembered.has(key)) return remembered.get(key);
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  const writers = writersByGroupBits(fd, gid);
  remembered.set(key, writers);
  return writers;
}
