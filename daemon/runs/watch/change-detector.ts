import { lstatSync } from 'node:fs';
import { runFile, type RunFile } from '../../run-directory/layout.ts';
import { firstNames } from './directory-watch.ts';

/** What the shim, nextflow and the plugin write there that is of interest; a heartbeat goes on all the time. */
const FILES: readonly RunFile[] = ['started', 'process', 'exit', 'events', 'interrupted', 'environment'];
/**
 * Whatever the files say, everything is looked at so often: a head may vanish without a word, and its scheduler is asked
 * no more often than that.
 */
const FULL_EVERY_MS = 15_000;
/** Where the kernel tells of changes, it need not be asked so often. */
const TOLD_EVERY_MS = 6000;

/**
 * Whether a run that was seen to be well has anything new to tell. Costs a listing and a few stats, where a whole look
 * asks the ledger and reads the files: of the twenty runs that a daemon watches, most wait most of the time.
 */
export class ChangeDetector {
  readonly #directory: string;
  readonly #isTold: () => boolean;
  #signature: string | undefined;
  #lookedAt = -Infinity;
  #comparedAt = -Infinity;

  /** `isTold`: whether whoever asks is woken by changes as well. */
  constructor(directory: string, isTold: () => boolean) {
    this.#directory = directory;
    this.#isTold = isTold;
  }

  /** After a whole look: the run is well, or it is not, and is to be looked at again. `others`: files beside its directory. */
  record(isWell: boolean, others: readonly string[]): void {
    this.#signature = isWell ? this.#look(others) : undefined;
    this.#comparedAt = this.#lookedAt = performance.now();
  }

  isUnchanged(others: readonly string[]): boolean {
    if (this.#signature === undefined || performance.now() - this.#lookedAt >= FULL_EVERY_MS) return false;
    if (this.#isTold() && performance.now() - this.#comparedAt < TOLD_EVERY_MS) return true;
    this.#comparedAt = performance.now();
    return this.#signature === this.#look(others);
  }

  /** Undefined where it cannot be told: then there is something to look at. */
  #look(others: readonly string[]): string | undefined {
    try {
      // To list a directory has NFS ask its server for it. What is being written has another name first.
      const names = firstNames(this.#directory).filter((name) => !name.endsWith('.new'));
      const files = [...FILES.map((file) => runFile(this.#directory, file)), ...others];
      return [...names.sort(), ...files.map(stampOf)].join('\n');
    } catch {
      return undefined;
    }
  }
}

function stampOf(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined ? '-' : [found.ino, found.size, found.mtimeMs].join(':');
}
