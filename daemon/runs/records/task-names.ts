import type { RunDependencies } from '../dependencies.ts';
import type { RunRow } from './queries.ts';
import { knowsAllValues } from './run-redactors.ts';

/** A task's tag, after the name of its process. */
const TAG = / \(.*\)?$/s;

/**
 * Prepares task names for the ledger. A pipeline may put a value into a task's tag, and the ledger must not contain values in
 * clear text. The value is masked. If not all values are known, the whole tag is dropped.
 */
export class TaskNames {
  readonly #deps: RunDependencies;
  readonly #run: Pick<RunRow, 'id' | 'plan'>;

  constructor(deps: RunDependencies, run: Pick<RunRow, 'id' | 'plan'>) {
    this.#deps = deps;
    this.#run = run;
  }

  /** Returns a function that masks names. Never throws, so that the line with the name is not lost. */
  async masker(): Promise<(name: string) => string> {
    try {
      const redactor = await this.#deps.redactors.of(this.#deps, this.#run);
      if (knowsAllValues(redactor)) return redactor.redact;
    } catch {
      // The ledger could not be read. The next call tries again.
    }
    return (name) => name.replace(TAG, '');
  }
}

/** Returns what has the name of a task with that name masked. */
export function withMaskedName<T extends { readonly name: string | null }>(
  task: T,
  masked: (name: string) => string,
): T {
  return task.name === null ? task : { ...task, name: masked(task.name) };
}
