import { readFileSync, writeFileSync } from 'node:fs';

/** Which kinds of memory mappings a core dump of this process holds, as a bit mask: core(5). */
const FILTER = '/proc/self/coredump_filter';

let inherited: string | undefined;

/**
 * Leaves the memory of this process out of its core dumps, also out of those that the kernel pipes to a crash reporter,
 * which `ulimit -c 0` does not stop. Registers and the list of mapped files stay in them. Only a shell could set the
 * limit of a process, and a shell would cost every command a start.
 */
export function leaveMemoryOutOfCoreDumps(): void {
  if (inherited !== undefined) return;
  try {
    inherited = readFileSync(FILTER, 'latin1').trim();
    writeFileSync(FILTER, '0');
  } catch {
    // A kernel that makes no core dumps has no such file, and in some containers /proc is read-only: the command is
    // needed all the same, and is then as the system's own limits have it.
  }
}

/**
 * Starts a program that makes core dumps as it would without us: the mask is inherited, and Nextflow and its tasks are
 * not ours to change. `start` must be synchronous.
 */
export function withInheritedCoreDumps<T>(start: () => T): T {
  if (inherited === undefined) return start();
  writeFilter(`0x${inherited}`);
  try {
    return start();
  } finally {
    writeFilter('0');
  }
}

function writeFilter(mask: string): void {
  try {
    writeFileSync(FILTER, mask);
  } catch {
    // As above: it could not be written before either.
  }
}
