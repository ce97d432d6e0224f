import { statfsSync } from 'node:fs';

/** The kind of file system that a path is on. */
export interface FileSystemType {
  /** As `stat -f` would name it, in short; the number in hexadecimal where it is none of the table. */
  readonly name: string;
  /** Whether it may be seen by other hosts, and so may hang, cache, and lock otherwise than a local disk. */
  readonly network: boolean;
}

/**
 * The numbers of linux/magic.h and statfs(2); those of file systems outside the kernel (Lustre, GPFS, BeeGFS, Panasas,
 * ZFS, OrangeFS) from the table in coreutils' stat.c. FUSE does not tell what stands behind it, which is often sshfs or a
 * parallel file system: it counts as a network file system, so that a doubt costs speed and not data.
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

/** Throws Node's system error where the path cannot be looked at. */
export function fileSystemType(path: string): FileSystemType {
  return fileSystemFromMagic(statfsSync(path, { bigint: true }).type);
}

/** f_type is a signed word on some platforms: its 32 bits are what counts. */
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
