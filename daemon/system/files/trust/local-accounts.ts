import { readFileSync } from 'node:fs';
import { ownNamespace, type UserNamespace } from './user-namespace.ts';

/** The account files of this machine, which hold neither users nor groups of a directory service. */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
}

const FILES: AccountFiles = { passwd: '/etc/passwd', group: '/etc/group' };

/**
 * Whether nobody but the user and root is in a group. It can be told only of local accounts: the group is in /etc/group and
 * the user in /etc/passwd, the group has no other member, and it is no other user's primary group. False where it cannot be
 * told: for groups of a directory service, NIS entries in the files, and in a user namespace, whose numbers are not those
 * of the files.
 */
export function isPrivateGroup(
  gid: number,
  namespace: UserNamespace = ownNamespace(),
  files = FILES,
): boolean {
  if (!namespace.isWhole) return false;
  const users = readAccounts(files.passwd);
  const groups = readAccounts(files.group);
  if (users === undefined || groups === undefined) return false;
  const accepted = new Set([namespace.user, 0]);
  const uids = new Map(users.map(([name = '', , uid]) => [name, Number(uid)]));
  if (![...uids.values()].includes(namespace.user)) return false;
  const lines = groups.filter(([, , id]) => Number(id) === gid);
  if (lines.length === 0) return false;
  const members = lines.flatMap(([, , , list = '']) => list.split(',').filter((name) => name !== ''));
  return (
    members.every((name) => accepted.has(uids.get(name) ?? -1)) &&
    users.every(([, , uid, primary]) => Number(primary) !== gid || accepted.has(Number(uid)))
  );
}

/** A group as people know it: its name where the account files have one, and its number. */
export function groupTitle(gid: number, file = FILES.group): string {
  return titleIn(file, gid, 'group');
}

/** Likewise a user. */
export function userTitle(uid: number, file = FILES.passwd): string {
  return titleIn(file, uid, 'user');
}

function titleIn(file: string, id: number, kind: string): string {
  const name = readAccounts(file)?.find(([, , found]) => Number(found) === id)?.[0];
  return name === undefined ? `${kind} ${String(id)}` : `${kind} ${String(id)} (${name})`;
}

/** The fields of each line; undefined where the file cannot be read, or defers to NIS (lines with `+` or `-`). */
function readAccounts(file: string): string[][] | undefined {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // then nothing can be told of any account
  }
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.some((line) => /^[+-]/.test(line))) return undefined;
  return lines.map((line) => line.split(':'));
}
