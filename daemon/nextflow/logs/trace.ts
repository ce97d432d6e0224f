import type { Task } from '../../contract/types.ts';

/** What a trace tells of a task. */
export type TracedTask = Pick<Task, 'taskId' | 'hash' | 'nativeId' | 'name' | 'status' | 'exit'>;

/** A row that could be read, or one that could not, with the reason. */
export type TraceRow =
  { readonly task: TracedTask } | { readonly malformed: number; readonly reason: string };

/** Reads a trace file line by line. Its columns are the user's choice (`trace.fields`), told by its first line. */
export class TraceReader {
  #columns: string[] | undefined;
  #rows = 0;

  /** The row that a line holds; undefined for the header. */
  read(line: string): TraceRow | undefined {
    const cells = line.split('\t');
    if (this.#columns === undefined) {
      this.#columns = cells;
      return undefined;
    }
    this.#rows += 1;
    // A tab in a task's name is not escaped: which cell is which cannot be told any more.
    if (cells.length !== this.#columns.length) {
      const reason = `${String(cells.length)} cells under ${String(this.#columns.length)} columns`;
      return { malformed: this.#rows, reason };
    }
    return { task: this.#task(cells) };
  }

  #task(cells: readonly string[]): TracedTask {
    const cell = (column: string): string | null => {
      const text = cells[this.#columns?.indexOf(column) ?? -1];
      return text === undefined || text === '-' || text === '' ? null : text;
    };
    return {
      taskId: cell('task_id') ?? `row ${String(this.#rows)}`,
      hash: cell('hash'),
      nativeId: cell('native_id'),
      name: cell('name'),
      status: cell('status'),
      exit: cell('exit'),
    };
  }
}
