import type { BigIntStats } from 'node:fs';
import { fileSystemType } from '../system/files/file-system-type.ts';
import type { OpenDirectory } from '../system/files/open-directory.ts';
import { bootId } from '../system/processes/process-identity.ts';

/**
 * What tells a directory from any other, as text: numbers of inodes have 64 bits. Node's statfs gives no id of a file system:
 * the device and the type stand for it.
 */
export interface Identity {
  readonly inode: string;
  /** Absent in ledgers of earlier versions, as what follows it. */
  readonly device?: string;
  /** Of the file system. */
  readonly type?: string;
  /** The boot in which the device had that number. */
  readonly boot?: string;
}

/** Throws Node's system error. */
export function identityOf(directory: OpenDirectory): Required<Identity> {
  return lookAtIdentity(directory).identity;
}

function lookAtIdentity(directory: OpenDirectory) {
  const { ino, dev } = directory.look();
  const { name: type, network } = fileSystemType(directory.self);
  return { identity: { inode: String(ino), device: String(dev), type, boot: bootId() }, network };
}

/**
 * How a directory differs from the one that was recorded, as a clause; undefined where it is that one, as far as can be told.
 * A local file system keeps its device number as long as the machine runs. One of the network gets another at each mount, and
 * any may get another at a boot: there inode and type decide, and what is in the directory.
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

/** Whether the user's own; in a user namespace that has no name for others, nobody else's number is ours. */
export function isOurs({ uid }: Pick<BigIntStats, 'uid'>): boolean {
  return uid === BigInt(process.geteuid?.() ?? -1);
}
