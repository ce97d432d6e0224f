import type { BigIntStats } from 'node:fs';
import { fileSystemType } from '../system/files/file-system-type.ts';
import type { OpenDirectory } from '../system/files/open-directory.ts';
import { bootId } from '../system/processes/process-identity.ts';

/**
 * Identifies a directory, as text because inode numbers have 64 bits. Node's statfs returns no file system id, so device and
 * type identify the file system.
 */
export interface Identity {
  readonly inode: string;
  /** Absent in ledgers of earlier versions, like the following properties. */
  readonly device?: string;
  /** Type of the file system. */
  readonly type?: string;
  /** Id of the boot in which the device had that number. */
  readonly boot?: string;
}

/** Returns the identity of a directory. Throws Node's system error. */
export function identityOf(directory: OpenDirectory): Required<Identity> {
  return lookAtIdentity(directory).identity;
}

function lookAtIdentity(directory: OpenDirectory) {
  const { ino, dev } = directory.look();
  const { name: type, network } = fileSystemType(directory.self);
  return { identity: { inode: String(ino), device: String(dev), type, boot: bootId() }, network };
}

/**
 * Returns how a directory differs from the recorded one, as a clause. Undefined if no difference is known. A local file system
 * keeps its device number until the machine reboots; a network file system gets another at each mount. In other cases inode,
 * type and content decide.
 */
export function difference(recorded: Identity, directory: OpenDirectory): string | undefined {
  const { identity: found, network } = lookAtIdentity(directory);
  if (recorded.inode !== found.inode) return `has inode ${found.inode} instead of ${recorded.inode}`;
  if (recorded.type !== undefined && recorded.type !== found.type)
    return `is on a file system of type ${found.type} instead of ${recorded.type}`;
  const isComparable = recorded.device !== undefined && recorded.boot === found.boot && !network;
  if (isComparable && recorded.device !== found.device) return 'is on another file system (device)';
  return undefined;
}

/** Returns whether the file belongs to the user. In a user namespace, unmapped owners are never ours. */
export function isOurs({ uid }: Pick<BigIntStats, 'uid'>): boolean {
  return uid === BigInt(process.geteuid?.() ?? -1);
}
