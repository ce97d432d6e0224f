import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EscrowError, systemCode } from '../../../errors.ts';
import { O_PATH } from '../o-path.ts';
import { syncDirectory } from '../atomic-write.ts';
import { pathError } from '../path-error.ts';
import { userTitle } from './local-accounts.ts';
import { judge, type Request } from './judge-directory.ts';
import { untrusted } from './trust-error.ts';
import { ownerKind } from './user-namespace.ts';
import { VerifiedDirectory } from './verified-directory.ts';

const LINKS_MAX = 40; // as path_resolution(7)

/**
 * Opens a directory that can be trusted: every directory on the way is the user's or root's and nobody else can write to
 * it (but for sticky ones), and so are those that lead to the target of each link, and the links themselves. Each step is
 * taken from the descriptor of the one before, so that what was verified is what is opened. Undefined where it is not there;
 * what there is on the way to it was verified then. Throws `permissions-too-open`, `path-conflict`, `ledger-unavailable`.
 */
export function openTrusted(request: Request): VerifiedDirectory | undefined {
  const { path } = request;
  let here = openRoot(request);
  let ahead = split(resolve(path));
  let links = 0;
  try {
    for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
      if (name === '..') {
        // Of a link's target: the parent of what its beginning leads to.
        ahead = [...split(dirname(here.path)), ...ahead];
        here.close();
        here = openRoot(request);
        continue;
      }
      const next = enter(here, name, request, ahead.length === 0);
      if (next === undefined) {
        here.close();
        return undefined;
      }
      if (typeof next === 'string') {
        if (++links > LINKS_MAX)
          throw pathError(path, Object.assign(new Error('too many links'), { code: 'ELOOP' }));
        ahead = [...split(next), ...ahead];
        if (!next.startsWith('/')) continue;
        here.close();
        here = openRoot(request);
        continue;
      }
      here.close();
      here = next;
    }
    if (here.path === '/') judge(here, request, true);
    return here;
  } catch (error) {
    here.close();
    throw error;
  }
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function openRoot(request: Request): VerifiedDirectory {
  const root = opened('/', '/', false);
  try {
    judge(root, request, false);
  } catch (error) {
    root.close();
    throw error;
  }
  return root;
}

/** The directory of that name, verified; the target of a link, which is verified too; or undefined: there is nothing. */
function enter(
  from: VerifiedDirectory,
  name: string,
  request: Request,
  isLast: boolean,
): VerifiedDirectory | string | undefined {
  const entry = from.at(name);
  const path = join(from.path, name);
  let directory;
  try {
    directory = opened(entry, path, from.isClosed);
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'ENOENT') return make(from, name, request) ? enter(from, name, request, isLast) : undefined;
    if (!['ENOTDIR', 'ELOOP'].includes(code)) throw pathError(path, error);
    const mayBeLink = !isLast || request.need !== 'private';
    if (mayBeLink && lstatSync(entry).isSymbolicLink()) return readLink(from, name, request);
    throw new EscrowError('path-conflict', `"${path}" is there and is not a directory.`, { cause: error });
  }
  try {
    judge(directory, request, isLast);
    return directory;
  } catch (error) {
    directory.close();
    throw error;
  }
}

/** With O_DIRECTORY, so that an automounter mounts what is to be there; without a right to read, which few have above. */
function opened(name: string, path: string, isClosed: boolean): VerifiedDirectory {
  const fd = openSync(name, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const stats = fstatSync(fd);
  const closesItself = (stats.mode & 0o011) === 0 && isUsers(stats.uid, path, fd);
  return new VerifiedDirectory(fd, path, stats, isClosed || closesItself);
}

function isUsers(uid: number, path: string, fd: number): boolean {
  try {
    return ownerKind(uid, path) === 'user';
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** False where nothing is to be made. What another process made first is as good, and is verified like anything else. */
function make(from: VerifiedDirectory, name: string, { create }: Request): boolean {
  if (create !== true) return false;
  const entry = from.at(name);
  const path = join(from.path, name);
  try {
    mkdirSync(entry, { mode: 0o700 });
    // The umask, or a list that is inherited, may have taken away what is the user's own.
    if ((lstatSync(entry).mode & 0o700) !== 0o700) chmodSync(entry, 0o700);
    syncDirectory(from.self);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw pathError(path, error);
  }
  return true;
}

/**
 * A link is as good as its owner: in a sticky directory they alone can turn it elsewhere. Undefined where it leads to
 * nothing: what it should lead to is not made, since its disk may only not be mounted.
 */
function readLink(from: VerifiedDirectory, name: string, request: Request): string | undefined {
  const { path, file, purpose, create } = request;
  const at = join(from.path, name);
  const { uid } = lstatSync(from.at(name));
  if (ownerKind(uid, at) === 'other')
    throw untrusted(file ?? path, purpose, {
      at,
      isOwn: false,
      who: userTitle(uid),
      why: `is a link that belongs to ${userTitle(uid)}, who can turn it elsewhere`,
      change: 'go-w',
    });
  try {
    if (statSync(from.at(name), { throwIfNoEntry: false }) !== undefined) return readlinkSync(from.at(name));
  } catch (error) {
    throw pathError(at, error);
  }
  if (create !== true) return undefined;
  throw new EscrowError('path-conflict', `"${at}" is a link to something that is not there.`);
}
