import type { EscrowError } from '../../../errors.ts';
import { faultOfOwner, faultOfWriters, untrusted, type Fault, type Purpose } from './trust-error.ts';
import { ownerKind } from './user-namespace.ts';
import type { VerifiedDirectory } from './verified-directory.ts';
import { otherWriters } from './writable.ts';

/** What is asked of a directory, besides that nobody else can exchange anything on the way to it. */
export interface Request {
  /** In its absolute form; `..` in it is taken off as path.join does, since others use it by its name as well. */
  readonly path: string;
  readonly purpose: Purpose;
  /** The file that is wanted of it, for a refusal to name. */
  readonly file?: string;
  /** `private`: the user's own, no link, mode 0700. `unwritable`: the user's or root's, and nobody else can write to it. */
  readonly need: 'private' | 'unwritable';
  /** Makes what is missing, with mode 0700 whatever the umask and inherited access control lists say. */
  readonly create?: boolean;
}

const OTHERS = 0o077;
const SETGID = 0o2000;

/** Throws `permissions-too-open` where a directory on the way to a path, or the one that the path names, cannot be trusted. */
export function judge(
  found: VerifiedDirectory,
  { path, file, purpose, need }: Request,
  isLast: boolean,
): void {
  const { stats, isClosed } = found;
  const owner = ownerKind(stats.uid, found.path);
  const isPrivate = isLast && need === 'private';
  const isShared = !isLast && (stats.mode & SETGID) !== 0;
  const isOwn = owner === 'user' && !isShared;
  const refuse = (fault: Fault): EscrowError => untrusted(file ?? path, purpose, fault);
  if (owner === 'other' || (isPrivate && owner !== 'user')) throw refuse(faultOfOwner(found.path, stats.uid));
  if (isPrivate && (stats.mode & OTHERS) !== 0) {
    const why = `has mode ${octal(stats.mode)}, so others can reach it`;
    throw refuse({ at: found.path, isOwn, who: 'others', why, change: 'go-rwx' });
  }
  const writers = otherWriters(found, { isClosed, isAncestor: !isLast });
  if (writers !== undefined) throw refuse(faultOfWriters(found.path, isOwn, writers));
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
