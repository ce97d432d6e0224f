import type { EscrowError } from '../../../errors.ts';
import { faultOfOwner, faultOfWriters, untrusted, type Fault, type Purpose } from './trust-error.ts';
import { isForeign, userAndRoot, type TrustedOwners } from './trusted-owners.ts';
import { ownerKind } from './user-namespace.ts';
import type { VerifiedDirectory } from './verified-directory.ts';
import { otherWriters } from './writable.ts';

/** Requirements on a directory, in addition to trusted ancestors. */
export interface Request {
  /** In absolute form. `..` is resolved like in path.join, because others use the path by its name too. */
  readonly path: string;
  readonly purpose: Purpose;
  /** The file in it that is needed, for messages. */
  readonly file?: string;
  /** `private`: the user's own, no link, mode 0700. `unwritable`: the user's or root's, and nobody else can write to it. */
  readonly need: 'private' | 'unwritable';
  /** Further accounts that may own and write to it and its ancestors. Only for what a run executes. */
  readonly owners?: TrustedOwners;
  /** Whether to create missing directories, with mode 0700 regardless of umask and inherited access control lists. */
  readonly create?: boolean;
}

const OTHERS = 0o077;
const SETGID = 0o2000;

/** Throws `permissions-too-open` if the directory, the requested one or an ancestor, cannot be trusted. */
export function judge(
  found: VerifiedDirectory,
  { path, file, purpose, need, owners = userAndRoot }: Request,
  isLast: boolean,
): void {
  const { stats, isClosed } = found;
  const owner = ownerKind(stats.uid, found.path);
  const isPrivate = isLast && need === 'private';
  const isShared = !isLast && (stats.mode & SETGID) !== 0;
  const isOwn = owner === 'user' && !isShared;
  const refuse = (fault: Fault): EscrowError => untrusted(file ?? path, purpose, fault);
  if (isForeign(stats.uid, found.path, owners) || (isPrivate && owner !== 'user'))
    throw refuse(faultOfOwner(found.path, stats.uid));
  if (isPrivate && (stats.mode & OTHERS) !== 0) {
    const why = `has mode ${octal(stats.mode)}, so others can access it`;
    throw refuse({ at: found.path, isOwn, who: 'others', why, change: 'go-rwx' });
  }
  const writers = otherWriters(found, { isClosed, isAncestor: !isLast, owners });
  if (writers !== undefined) throw refuse(faultOfWriters(found.path, isOwn, writers));
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
