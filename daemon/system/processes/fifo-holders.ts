import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TimeSlices } from '../time/time-slices.ts';

/** A process that has a FIFO open for writing. */
export interface FifoHolder {
  readonly pid: number;
  /** The path of its program. Empty if unknown. */
  readonly program: string;
  /** Its command line: untrusted and truncated. */
  readonly command: string;
}

/** Limits, because a user may have any number of processes and open files. */
const PROCESSES_MAX = 20_000;
const DESCRIPTORS_MAX = 4096;
const HOLDERS_MAX = 10;
const COMMAND_MAX = 200;
/** The access mode of open(2) is in the lowest two bits of the flags. */
const O_ACCMODE = 3;

/**
 * Finds processes that hold the FIFO at a path, even if it was renamed within its directory, unlinked or replaced: /proc shows
 * the open files of each process. Sees only processes of our user in this PID namespace. Returns at most ten.
 */
export async function findFifoHolders(path: string): Promise<FifoHolder[]> {
  const wanted = wantedOf(path);
  const holders: FifoHolder[] = [];
  const slices = new TimeSlices();
  for (const name of listed('/proc').slice(0, PROCESSES_MAX)) {
    await slices.next();
    const pid = Number(name);
    if (!Number.isInteger(pid) || !holds(pid, wanted)) continue;
    holders.push({ pid, program: programOf(pid), command: commandOf(pid) });
    if (holders.length === HOLDERS_MAX) break;
  }
  return holders;
}

/** Returns the path of a process's program if the process holds the FIFO. Undefined if it does not. */
export function programHolding(pid: number, path: string): string | undefined {
  return holds(pid, wantedOf(path)) ? programOf(pid) : undefined;
}

interface Wanted {
  /** Prefixes of the paths that /proc shows for entries of the directory. */
  readonly directories: readonly string[];
  readonly name: string;
  /** Identity of the entry at the path. Undefined if it is not a FIFO. */
  readonly inode: { readonly dev: number; readonly ino: number } | undefined;
}

function wantedOf(path: string): Wanted {
  let real = dirname(path);
  try {
    real = realpathSync(real);
  } catch {
    real = dirname(path); // the directory was removed
  }
  let inode;
  try {
    const found = lstatSync(path);
    if (found.isFIFO()) inode = found;
  } catch {
    inode = undefined; // the entry was removed
  }
  return { directories: [`${dirname(path)}/`, `${real}/`], name: basename(path), inode };
}

function holds(pid: number, wanted: Wanted): boolean {
  const directory = `/proc/${String(pid)}/fd`;
  return listed(directory)
    .slice(0, DESCRIPTORS_MAX)
    .some((fd) => {
      try {
        return isWanted(join(directory, fd), wanted) && isWriter(pid, fd);
      } catch {
        return false; // closed in the meantime
      }
    });
}

/** `descriptor`: its path in /proc. Calls stat only for matching names, because a file on a hung mount would block. */
function isWanted(descriptor: string, { directories, name, inode }: Wanted): boolean {
  const link = readlinkSync(descriptor);
  if (directories.some((directory) => link.startsWith(directory))) return statSync(descriptor).isFIFO();
  // In a container or a bind mount, the path differs.
  if (inode === undefined || basename(link) !== name) return false;
  const found = statSync(descriptor);
  return found.dev === inode.dev && found.ino === inode.ino;
}

/** Ignores readers: a daemon that waits for the end does not keep a run alive. */
function isWriter(pid: number, fd: string): boolean {
  const text = readFileSync(`/proc/${String(pid)}/fdinfo/${fd}`, 'latin1');
  const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(text)?.[1] ?? '0', 8);
  return (flags & O_ACCMODE) !== 0;
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${String(pid)}/exe`);
  } catch {
    return '';
  }
}

function commandOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').slice(0, COMMAND_MAX * 4);
    const command = words.replaceAll('\0', ' ').trim();
    return command === '' ? readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim() : command;
  } catch {
    return '';
  }
}

/** Lists a directory. Empty if it cannot be read: the process ended or belongs to another user. */
function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
