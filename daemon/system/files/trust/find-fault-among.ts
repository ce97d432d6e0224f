import { closeSync, constants, lstatSync, opendirSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../../errors.ts';
import { O_PATH } from '../o-path.ts';
import { faultOfExisting, type PathFault } from './find-fault.ts';
import { isPrivateGroup } from './local-accounts.ts';
import { isClosed } from './new-files.ts';
import { faultOfOwner, faultOfWriters } from './trust-error.ts';
import { isForeign, userAndRoot, type TrustedOwners } from './trusted-owners.ts';
import { ownerKind } from './user-namespace.ts';
import { otherWriters } from './writable.ts';

/** Limit of examined entries. Directories may be large, and a launch waits for this check. */
const READ_MAX = 2048;
const MATCHES_MAX = 300;
/** Limit of expensive checks: running `getfacl` takes some milliseconds, and links have to be followed. */
const CLOSE_LOOKS_MAX = 4;
const WRITABLE = 0o022;
const WRITE_BY_OTHERS = 0o002;

/**
 * Returns the first entry of a directory that others can change, judged by owner and mode. Does not descend. The caller has
 * judged the directory itself. To keep launches fast, checks only some access control lists and links, and no list of an entry
 * whose group has no other member.
 */
export function faultAmong(
  directory: string,
  accepts: (name: string) => boolean,
  owners = userAndRoot,
): PathFault | undefined {
  try {
    const names = entriesOf(directory, accepts);
    if (names.length === 0) return undefined;
    const look = new Look(directory, isClosed(realpathSync.native(directory)), owners);
    for (const name of names) {
      const fault = look.faultOf(name);
      if (fault !== undefined) return fault;
    }
    return undefined;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined; // missing or unreadable: Nextflow cannot read it either
  }
}

class Look {
  readonly #directory: string;
  readonly #isClosed: boolean;
  readonly #owners: TrustedOwners;
  readonly #privateGroups = new Map<number, boolean>();
  #closeLooks = 0;

  constructor(directory: string, closed: boolean, owners: TrustedOwners) {
    this.#directory = directory;
    this.#isClosed = closed;
    this.#owners = owners;
  }

  faultOf(name: string): PathFault | undefined {
    const path = join(this.#directory, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined; // deleted since the listing
    if (isForeign(stats.uid, path, this.#owners)) return faultOfOwner(path, stats.uid);
    if (stats.isSymbolicLink()) return this.#mayLook() ? faultOfExisting(path, this.#owners) : undefined;
    if ((stats.mode & WRITABLE) === 0) return undefined;
    const byGroupAlone = (stats.mode & WRITE_BY_OTHERS) === 0;
    const isOutOfReach = this.#isClosed && (stats.isDirectory() || stats.nlink === 1);
    if (byGroupAlone && (isOutOfReach || this.#isPrivate(stats.gid) || !this.#mayLook())) return undefined;
    const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
    try {
      const circumstances = { isClosed: this.#isClosed, isAncestor: false, owners: this.#owners };
      const writers = otherWriters({ fd, path, stats }, circumstances);
      if (writers === undefined) return undefined;
      return faultOfWriters(path, ownerKind(stats.uid, path) === 'user', writers);
    } finally {
      closeSync(fd);
    }
  }

  #mayLook(): boolean {
    return this.#closeLooks++ < CLOSE_LOOKS_MAX;
  }

  #isPrivate(gid: number): boolean {
    const known = this.#privateGroups.get(gid) ?? isPrivateGroup(gid, undefined, undefined, this.#owners.has);
    this.#privateGroups.set(gid, known);
    return known;
  }
}

function entriesOf(path: string, accepts: (name: string) => boolean): string[] {
  const directory = opendirSync(path, { bufferSize: READ_MAX });
  const found: string[] = [];
  try {
    for (let read = 0; read < READ_MAX && found.length < MATCHES_MAX; read += 1) {
      const entry = directory.readSync();
      if (entry === null) break;
      if (accepts(entry.name)) found.push(entry.name);
    }
    return found;
  } finally {
    directory.closeSync();
  }
}
