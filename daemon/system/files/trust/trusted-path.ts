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
import { isForeign, userAndRoot, type TrustedOwners } from './trusted-owners.ts';
import { ownerKind } from './user-namespace.ts';
import { VerifiedDirectory } from './verified-directory.ts';

const LINKS_MAX = 40; // Source: path_resolution(7)

/** What a walk has verified, by path: open directories, and the targets of links. */
type Verified = Map<string, VerifiedDirectory | string>;

/**
 * What earlier walks have verified, by the accounts that they trust: an ancestor that one request accepts, another one may
 * reject. Undefined outside of `sharingAncestors`.
 */
let shared: Map<TrustedOwners, Verified> | undefined;

/**
 * Calls synchronous work that opens many directories. Each ancestor is verified once and stays open until the work is done,
 * so that a later walk starts from the verified directory, not from its name.
 */
export function sharingAncestors<T>(work: () => T): T {
  if (shared !== undefined) return work();
  shared = new Map();
  try {
    return work();
  } finally {
    const ended = shared;
    shared = undefined;
    for (const verified of ended.values())
      for (const known of verified.values()) if (typeof known !== 'string') known.close();
  }
}

/** Returns what earlier walks have verified for requests like this one. Undefined outside of `sharingAncestors`. */
function verifiedFor({ owners = userAndRoot }: Request): Verified | undefined {
  const known = shared?.get(owners) ?? new Map<string, VerifiedDirectory | string>();
  shared?.set(owners, known);
  return shared === undefined ? undefined : known;
}

/** Closes an ancestor unless later walks start from it. */
function leave(directory: VerifiedDirectory, request: Request): void {
  if (verifiedFor(request)?.get(directory.path) !== directory) directory.close();
}

/**
 * Opens a trusted directory. Each ancestor belongs to the user or root, and nobody else can write to it, except sticky ones.
 * The same holds for links and the ancestors of their targets. Each step starts from the descriptor of the previous one, so
 * that the verified directory is the opened one. Undefined if the directory does not exist; its existing ancestors are
 * verified then. Throws `permissions-too-open`, `path-conflict`, `ledger-unavailable`.
 */
export function openTrusted(request: Request): VerifiedDirectory | undefined {
  const { path } = request;
  let here = openRoot(request);
  let ahead = split(resolve(path));
  let links = 0;
  try {
    for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
      if (name === '..') {
        // `..` in a link's target is the parent of the resolved directory so far.
        ahead = [...split(dirname(here.path)), ...ahead];
        leave(here, request);
        here = openRoot(request);
        continue;
      }
      const next = step(here, name, request, ahead.length === 0);
      if (next === undefined) {
        leave(here, request);
        return undefined;
      }
      if (typeof next === 'string') {
        if (++links > LINKS_MAX)
          throw pathError(path, Object.assign(new Error('too many links'), { code: 'ELOOP' }));
        ahead = [...split(next), ...ahead];
        if (!next.startsWith('/')) continue;
        leave(here, request);
        here = openRoot(request);
        continue;
      }
      leave(here, request);
      here = next;
    }
    if (here.path !== '/') return here;
    judge(here, request, true);
    return shared === undefined ? here : opened('/', '/', false);
  } catch (error) {
    leave(here, request);
    throw error;
  }
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function openRoot(request: Request): VerifiedDirectory {
  const known = verifiedFor(request)?.get('/');
  if (known instanceof VerifiedDirectory) return known;
  const root = opened('/', '/', false);
  try {
    judge(root, request, false);
  } catch (error) {
    root.close();
    throw error;
  }
  verifiedFor(request)?.set('/', root);
  return root;
}

/** Like `enter`, but for an ancestor that an earlier walk has verified, returns what that walk found. */
function step(
  from: VerifiedDirectory,
  name: string,
  request: Request,
  isLast: boolean,
): VerifiedDirectory | string | undefined {
  const verified = verifiedFor(request);
  if (isLast || verified === undefined) return enter(from, name, request, isLast);
  const path = join(from.path, name);
  const found = verified.get(path) ?? enter(from, name, request, isLast);
  if (found !== undefined) verified.set(path, found);
  return found;
}

/** Returns the verified directory of that name, or the target of a verified link. Undefined if it does not exist. */
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
    throw new EscrowError('path-conflict', `Cannot use "${path}": it is not a directory.`, { cause: error });
  }
  try {
    judge(directory, request, isLast);
    return directory;
  } catch (error) {
    directory.close();
    throw error;
  }
}

/** Opens with O_DIRECTORY, which triggers automounters, and O_PATH, because few users can read the ancestors. */
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

/** Creates a directory. Returns false if that is not requested. An existing one is verified by the caller. */
function make(from: VerifiedDirectory, name: string, { create }: Request): boolean {
  if (create !== true) return false;
  const entry = from.at(name);
  const path = join(from.path, name);
  try {
    mkdirSync(entry, { mode: 0o700 });
    // The umask or an inherited list may have removed permissions of the owner.
    if ((lstatSync(entry).mode & 0o700) !== 0o700) chmodSync(entry, 0o700);
    syncDirectory(from.self);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw pathError(path, error);
  }
  return true;
}

/**
 * Returns the target of a link whose owner is trusted. In a sticky directory, only the owner can change it. Undefined for a
 * dangling link. Its target is never created, because its file system may only be unmounted.
 */
function readLink(from: VerifiedDirectory, name: string, request: Request): string | undefined {
  const { path, file, purpose, create, owners = userAndRoot } = request;
  const at = join(from.path, name);
  const { uid } = lstatSync(from.at(name));
  if (isForeign(uid, at, owners))
    throw untrusted(file ?? path, purpose, {
      at,
      isOwn: false,
      who: userTitle(uid),
      owner: uid,
      why: `is a link owned by ${userTitle(uid)}, who can change its target`,
      change: 'go-w',
    });
  try {
    if (statSync(from.at(name), { throwIfNoEntry: false }) !== undefined) return readlinkSync(from.at(name));
  } catch (error) {
    throw pathError(at, error);
  }
  if (create !== true) return undefined;
  throw new EscrowError('path-conflict', `Cannot use "${at}": it is a link to a path that does not exist.`);
}
