import { readFileSync } from 'node:fs';
import { ownNamespace, type UserNamespace } from './user-namespace.ts';

/** The account files of this machine. They contain no users or groups of a directory service. */
interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
}

const FILES: AccountFiles = { passwd: '/etc/passwd', group: '/etc/group' };

/**
 * Returns whether only the user, root and trusted accounts are members of a group. This can be decided only for local accounts: the group
 * is in /etc/group and the user in /etc/passwd, the group has no other member, and it is no other user's primary group.
 * Returns false when it cannot be decided: for groups of a directory service, with NIS entries in the files, and in a
 * user namespace, where ids differ from those in the files.
 */
export function isPrivateGroup(
  gid: number,
  namespace: UserNamespace = ownNamespace(),
  files = FILES,
  isTrusted: (uid: number) => boolean = () => false,
): boolean {
  if (!namespace.isWhole) return false;
  const users = readAccounts(files.passwd);
  const groups = readAccounts(files.group);
  if (users === undefined || groups === undefined) return false;
  const isAccepted = (uid: number): boolean => uid === namespace.user || uid === 0 || isTrusted(uid);
  const uids = new Map(users.map(([name = '', , uid]) => [name, Number(uid)]));
  if (![...uids.values()].includes(namespace.user)) return false;
  const lines = groups.filter(([, , id]) => Number(id) === gid);
  if (lines.length === 0) return false;
  const members = lines.flatMap(([, , , list = '']) => list.split(',').filter((name) => name !== ''));
  return (
    members.every((name) => isAccepted(uids.get(name) ?? -1)) &&
    users.every(([, , uid, primary]) => Number(primary) !== gid || isAccepted(Number(uid)))
  );
}

/** Returns the id of a local user. Undefined if /etc/passwd does not list the name. */
export function userOf(name: string): number | undefined {
  const uid = readAccounts(FILES.passwd)?.find(([found]) => found === name)?.[2];
  return uid === undefined || !/^[0-9]+$/.test(uid) ? undefined : Number(uid);
}

/** Returns a group for display: its number, and its name when the account files contain it. */
export function groupTitle(gid: number, file = FILES.group): string {
  return titleIn(file, gid, 'group');
}

/** Returns a user for display, like groupTitle. */
export function userTitle(uid: number, file = FILES.passwd): string {
  return titleIn(file, uid, 'user');
}

function titleIn(file: string, id: number, kind: string): string {
  const name = readAccounts(file)?.find(([, , found]) => Number(found) === id)?.[0];
  return name === undefined ? `${kind} ${String(id)}` : `${kind} ${String(id)} (${name})`;
}

/** Returns the fields of each line; undefined when the file is unreadable or defers to NIS (lines with `+` or `-`). */
function readAccounts(file: string): string[][] | undefined {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.some((line) => /^[+-]/.test(line))) return undefined;
  return lines.map((line) => line.split(':'));
}
