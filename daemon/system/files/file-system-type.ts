import { statfsSync } from 'node:fs';

/** A type of file system. */
export interface FileSystemType {
  /** The short form of the name that `stat -f` prints, or the magic number in hexadecimal when it is not in the table. */
  readonly name: string;
  /** Whether other hosts may share it: then it can hang, and its caching and locking differ from those of a local disk. */
  readonly network: boolean;
}

/**
 * The magic numbers of linux/magic.h and statfs(2). Those of file systems outside the kernel (Lustre, GPFS, BeeGFS,
 * Panasas, ZFS, OrangeFS) are from the table in coreutils' stat.c. FUSE does not show its backend, which is often sshfs
 * or a parallel file system. It counts as a network file system: a wrong guess then costs speed, not data.
 */
const TYPES = new Map<bigint, FileSystemType>([
  [0xef53n, local('ext')],
  [0x58465342n, local('xfs')],
  [0x9123683en, local('btrfs')],
  [0x2fc12fc1n, local('zfs')],
  [0xf2f52010n, local('f2fs')],
  [0x3153464an, local('jfs')],
  [0x52654973n, local('reiserfs')],
  [0x4d44n, local('fat')],
  [0x2011bab0n, local('exfat')],
  [0x5346544en, local('ntfs')],
  [0xf15fn, local('ecryptfs')],
  [0x794c7630n, local('overlay')],
  [0x73717368n, local('squashfs')],
  [0x01021994n, local('tmpfs')],
  [0x858458f6n, local('ramfs')],
  [0x9fa0n, local('proc')],
  [0x62656572n, local('sysfs')],
  [0x6969n, network('nfs')],
  [0x0bd00bd0n, network('lustre')],
  [0x47504653n, network('gpfs')],
  [0x19830326n, network('beegfs')],
  [0xff534d42n, network('cifs')],
  [0xfe534d42n, network('smb2')],
  [0x517bn, network('smb')],
  [0x00c36400n, network('ceph')],
  [0x65735546n, network('fuse')],
  [0x01021997n, network('9p')],
  [0x5346414fn, network('afs')],
  [0x6b414653n, network('afs')],
  [0x73757245n, network('coda')],
  [0x7461636fn, network('ocfs2')],
  [0x01161970n, network('gfs2')],
  [0xaad7aaean, network('panfs')],
  [0x20030528n, network('orangefs')],
]);

/** Returns the type of the file system that a path is on. Throws Node's system error when statfs(2) fails. */
export function fileSystemType(path: string): FileSystemType {
  return fileSystemFromMagic(statfsSync(path, { bigint: true }).type);
}

/** Returns the type for a magic number. Only 32 bits count: `f_type` is a signed word on some platforms. */
export function fileSystemFromMagic(type: bigint): FileSystemType {
  const magic = BigInt.asUintN(32, type);
  return TYPES.get(magic) ?? local(`0x${magic.toString(16)}`);
}

function local(name: string): FileSystemType {
  return { name, network: false };
}

function network(name: string): FileSystemType {
  return { name, network: true };
}
