import type { Task } from '../../contract/types.ts';
import { readDuration } from './duration.ts';

/** A task as recorded in a trace. */
export type TracedTask = Pick<
  Task,
  'taskId' | 'hash' | 'nativeId' | 'name' | 'status' | 'exit' | 'durationMs'
>;

/** A parsed row, or the number of a malformed row with the reason. */
export type TraceRow =
  { readonly task: TracedTask } | { readonly malformed: number; readonly reason: string };

/** Parses a trace file line by line. The first line names the columns, which the user can choose (`trace.fields`). */
export class TraceReader {
  #columns: string[] | undefined;
  #rows = 0;

  /** Returns the row in a line, or undefined for the header. */
  read(line: string): TraceRow | undefined {
    const cells = line.split('\t');
    if (this.#columns === undefined) {
      this.#columns = cells;
      return undefined;
    }
    this.#rows += 1;
    // A tab in a task's name is not escaped, so cells cannot be assigned to columns.
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
      durationMs: readDuration(cell('duration')),
    };
  }
}
