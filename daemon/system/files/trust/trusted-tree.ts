import { closeSync, constants, lstatSync, openSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EscrowError } from '../../../errors.ts';
import { pathError } from '../path-error.ts';
import { faultOfOwner, faultOfWriters, untrusted, type Purpose } from './trust-error.ts';
import { ownerKind } from './user-namespace.ts';
import type { VerifiedDirectory } from './verified-directory.ts';
import { otherWriters } from './writable.ts';

const WRITABLE = 0o022;

/**
 * Returns the files of a tree in a verified directory, as relative paths. Verifies that each entry is a regular file or a
 * directory, belongs to the user or root, and is not writable by others. Descends a limited number of levels. Throws
 * `permissions-too-open`, `path-conflict`.
 */
export function trustedFilesIn(
  directory: VerifiedDirectory,
  name: string,
  { levels, purpose }: { readonly levels: number; readonly purpose: Purpose },
): string[] {
  const tree: Tree = { directory, name, root: join(directory.path, name), purpose };
  return filesAt(tree, '', levels);
}

interface Tree {
  readonly directory: VerifiedDirectory;
  readonly name: string;
  readonly root: string;
  readonly purpose: Purpose;
}

function filesAt(tree: Tree, below: string, levels: number): string[] {
  const entry = below === '' ? tree.directory.at(tree.name) : `${tree.directory.at(tree.name)}/${below}`;
  const isDirectory = assertTrusted(tree, entry, join(tree.root, below));
  if (!isDirectory) return [below === '' ? basename(tree.root) : below];
  if (levels === 0) return [];
  return readdirSync(entry).flatMap((name) =>
    filesAt(tree, below === '' ? name : `${below}/${name}`, levels - 1),
  );
}

/** Verifies an entry. Returns whether it is a directory. */
function assertTrusted({ directory, root, purpose }: Tree, entry: string, path: string): boolean {
  const stats = lstatSync(entry);
  if (!stats.isFile() && !stats.isDirectory())
    throw new EscrowError(
      'path-conflict',
      `Cannot use "${path}": it is neither a regular file nor a directory.`,
      {
        hint: 'Move it to another place. If it is a link, replace it with its target.',
      },
    );
  const owner = ownerKind(stats.uid, path);
  if (owner === 'other') throw untrusted(root, purpose, faultOfOwner(path, stats.uid));
  if ((stats.mode & WRITABLE) === 0) return stats.isDirectory();
  // Only a query of the access control list needs an open descriptor.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  let fd;
  try {
    fd = openSync(entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    throw pathError(path, error);
  }
  try {
    const { isClosed } = directory;
    const writers = otherWriters({ fd, path, stats }, { isClosed, isAncestor: false });
    if (writers === undefined) return stats.isDirectory();
    throw untrusted(root, purpose, faultOfWriters(path, owner === 'user', writers));
  } finally {
    closeSync(fd);
  }
}
