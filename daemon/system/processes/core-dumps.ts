import { readFileSync, writeFileSync } from 'node:fs';

/** A bit mask of the memory mappings that a core dump of this process contains: core(5). */
const FILTER = '/proc/self/coredump_filter';

let inherited: string | undefined;

/**
 * Excludes the memory of this process from its core dumps, including those that the kernel pipes to a crash reporter,
 * which `ulimit -c 0` does not prevent. Registers and the list of mapped files remain. Setting the limit instead would
 * need a shell, which every command would have to start.
 */
export function leaveMemoryOutOfCoreDumps(): void {
  if (inherited !== undefined) return;
  try {
    inherited = readFileSync(FILTER, 'latin1').trim();
    writeFileSync(FILTER, '0');
  } catch {
    // A kernel without core dumps has no such file, and /proc is read-only in some containers. The command must work
    // there too; the system's own limits then apply.
  }
}

/**
 * Calls `start` with the core dump mask that this process inherited, because child processes inherit the mask and the
 * core dumps of Nextflow and its tasks must stay as they are without nf-escrow. `start` must be synchronous.
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
    // See above: the file was not writable before either.
  }
}
