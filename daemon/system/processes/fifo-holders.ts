import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TimeSlices } from '../time/time-slices.ts';

/** A process that has a FIFO open for writing. */
export interface FifoHolder {
  readonly pid: number;
  /** The program that it runs, a path; empty where it cannot be told. */
  readonly program: string;
  /** Its command line, as it is: untrusted, and cut. */
  readonly command: string;
}

/** A user may have any number of processes, and each any number of files open. */
const PROCESSES_MAX = 20_000;
const DESCRIPTORS_MAX = 4096;
const HOLDERS_MAX = 10;
const COMMAND_MAX = 200;
/** The access mode of open(2) is in the lowest two bits of the flags. */
const O_ACCMODE = 3;

/**
 * Finds processes that hold the FIFO at a path, or one that is elsewhere in its directory, or was there and is not any more:
 * the kernel tells what each process has open, also of a name that was removed or given to something else. Only those of our
 * own user in this PID namespace are seen. At most ten.
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

/** The program that a process runs, a path, where it holds the FIFO at a path in that sense; undefined where it does not. */
export function programHolding(pid: number, path: string): string | undefined {
  return holds(pid, wantedOf(path)) ? programOf(pid) : undefined;
}

interface Wanted {
  /** What /proc shows for what is in its directory begins with one of these. */
  readonly directories: readonly string[];
  readonly name: string;
  /** Of what is at the path now; undefined where that is no FIFO. */
  readonly inode: { readonly dev: number; readonly ino: number } | undefined;
}

function wantedOf(path: string): Wanted {
  let real = dirname(path);
  try {
    real = realpathSync(real);
  } catch {
    real = dirname(path); // it was removed
  }
  let inode;
  try {
    const found = lstatSync(path);
    if (found.isFIFO()) inode = found;
  } catch {
    inode = undefined; // not there any more
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
        return false; // closed meanwhile
      }
    });
}

/** `descriptor`: in /proc. Only what has a fitting name is looked at: a file on a hung mount would keep us waiting. */
function isWanted(descriptor: string, { directories, name, inode }: Wanted): boolean {
  const link = readlinkSync(descriptor);
  if (directories.some((directory) => link.startsWith(directory))) return statSync(descriptor).isFIFO();
  // A container or a bind mount shows it under another path.
  if (inode === undefined || basename(link) !== name) return false;
  const found = statSync(descriptor);
  return found.dev === inode.dev && found.ino === inode.ino;
}

/** Who only reads, as a daemon that waits for the end, keeps no run alive. */
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

/** None where it cannot be read: it ended, or is another user's. */
function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
