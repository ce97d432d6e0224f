import { lineMask } from '../../redaction/mask-lines.ts';
import type { RunDependencies } from '../dependencies.ts';
import type { RunRow } from './queries.ts';
import { runValues, type RunValues } from './run-values.ts';

/** A task's tag, behind its process's name. */
const TAG = / \(.*\)?$/s;

/**
 * Makes names of tasks fit to be recorded. A pipeline may put a value into a task's tag, and the ledger holds no value in
 * clear: it is masked; the tag as a whole is left out where a value is not known.
 */
export class TaskNames {
  readonly #deps: RunDependencies;
  readonly #run: Pick<RunRow, 'id' | 'plan'>;
  #values: Promise<RunValues> | undefined;

  constructor(deps: RunDependencies, run: Pick<RunRow, 'id' | 'plan'>) {
    this.#deps = deps;
    this.#run = run;
  }

  /** What masks a name. Never throws: the line that a name is from would be lost. */
  async masker(): Promise<(name: string) => string> {
    try {
      const { values, locked, unknown } = await (this.#values ??= runValues(this.#deps, this.#run));
      if (locked.length === 0 && unknown.length === 0) return lineMask(values.values());
    } catch {
      this.#values = undefined; // the ledger could not be read; asked again with the next names
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
