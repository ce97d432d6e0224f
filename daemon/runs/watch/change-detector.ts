import { lstatSync } from 'node:fs';
import { runFile, type RunFile } from '../../run-directory/layout.ts';
import { firstNames } from './first-names.ts';

/** Relevant files of the shim, Nextflow and the plugin. The heartbeat is not among them, because it always changes. */
const FILES: readonly RunFile[] = ['started', 'process', 'exit', 'events', 'interrupted', 'environment'];
/**
 * Interval of unconditional polls. A head may vanish without a change in its files, and its scheduler is asked no more often
 * than this.
 */
const FULL_EVERY_MS = 15_000;

/**
 * Detects whether a healthy run has changed since its last poll. Costs a directory listing and a few stat calls, while a
 * poll queries the ledger and reads the files. Most runs wait most of the time.
 */
export class ChangeDetector {
  readonly #reach: () => string;
  readonly #intervalMs: () => number;
  #signature: string | undefined;
  /** Stamps of files that are about to appear outside the run directory, where the kernel reports no changes. */
  #expected: string | undefined;
  #lookedAt = -Infinity;
  #comparedAt = -Infinity;

  /**
   * `reach` returns a path that leads to the run directory now. `intervalMs` returns the interval of comparisons, which may
   * be longer while the kernel also reports changes.
   */
  constructor(reach: () => string, intervalMs: () => number) {
    this.#reach = reach;
    this.#intervalMs = intervalMs;
  }

  /**
   * Called after a poll. `isWell`: false if the next check must poll again. `others`: files outside the run directory.
   * `isComplete`: false if one of them is about to appear, so that every check compares them.
   */
  record(isWell: boolean, others: readonly string[], isComplete = true): void {
    this.#signature = isWell ? this.#look(others) : undefined;
    this.#expected = isComplete ? undefined : stampsOf(others);
    this.#comparedAt = this.#lookedAt = performance.now();
  }

  isUnchanged(others: readonly string[]): boolean {
    if (this.#signature === undefined || performance.now() - this.#lookedAt >= FULL_EVERY_MS) return false;
    if (performance.now() - this.#comparedAt < this.#intervalMs())
      return this.#expected === undefined || this.#expected === stampsOf(others);
    this.#comparedAt = performance.now();
    return this.#signature === this.#look(others);
  }

  /** Returns undefined if the files cannot be examined. The run is then polled. */
  #look(others: readonly string[]): string | undefined {
    try {
      // Listing a directory makes NFS ask its server. Files that are being written have temporary names.
      const directory = this.#reach();
      const names = firstNames(directory).filter((name) => !name.endsWith('.new'));
      const files = [...FILES.map((file) => runFile(directory, file)), ...others];
      return [...names.sort(), ...files.map(stampOf)].join('\n');
    } catch {
      return undefined;
    }
  }
}

function stampsOf(paths: readonly string[]): string {
  try {
    return paths.map(stampOf).join('\n');
  } catch {
    return 'not accessible'; // then nobody can read them either
  }
}

function stampOf(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined ? '-' : [found.ino, found.size, found.mtimeMs].join(':');
}
