/**
 * Adds what lists of runs and tasks need to return a page without reading the whole table.
 *
 * `runs.number` counts runs in the order in which they were recorded. Pages are sorted by it, because the wall clock can
 * be set back. `runs_text` is a full-text index of the words of each run; it stores no copy of the text. Triggers keep both
 * up to date, so that no writer can forget them. The indexes contain every column that a filter uses.
 *
 * Task ids are decimal numbers, or texts where a trace has none. Sorted by length and text, numbers are in numeric order.
 */
export const listingMigration = {
  name: 'pages of runs and tasks',
  statements: [
    `ALTER TABLE runs ADD COLUMN number INTEGER`,
    `UPDATE runs SET number = sorted.number
       FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS number FROM runs) AS sorted
       WHERE sorted.id = runs.id`,
    `DROP INDEX runs_by_state`,
    `CREATE INDEX runs_by_number ON runs (number, created_at, state, outcome, workspace, id)`,
    `CREATE INDEX runs_by_state ON runs (state, number, created_at, outcome, workspace, id)`,
    `CREATE INDEX runs_by_outcome ON runs (outcome, number, created_at, state, workspace, id)`,
    `CREATE INDEX runs_by_workspace ON runs (workspace, number, created_at, state, outcome, id)`,
    `CREATE INDEX runs_by_launch_directory ON runs (launch_directory, number)`,
    `CREATE VIRTUAL TABLE runs_text USING fts5(text, content = '', contentless_delete = 1, tokenize = 'unicode61')`,
    `INSERT INTO runs_text (rowid, text) SELECT number, ${textOf('runs')} FROM runs`,
    `CREATE TRIGGER runs_inserted AFTER INSERT ON runs BEGIN
       UPDATE runs SET number = (SELECT coalesce(max(number), 0) + 1 FROM runs) WHERE id = new.id;
       INSERT INTO runs_text (rowid, text) SELECT number, ${textOf('runs')} FROM runs WHERE id = new.id;
     END`,
    `CREATE TRIGGER runs_renamed AFTER UPDATE OF run_name ON runs WHEN new.run_name IS NOT old.run_name BEGIN
       DELETE FROM runs_text WHERE rowid = old.number;
       INSERT INTO runs_text (rowid, text) VALUES (new.number, ${textOf('new')});
     END`,
    `CREATE TRIGGER runs_deleted AFTER DELETE ON runs BEGIN
       DELETE FROM runs_text WHERE rowid = old.number;
     END`,
    `CREATE INDEX orphaned_task_jobs ON task_jobs (run_id) WHERE state = 'orphaned'`,
    `ALTER TABLE tasks ADD COLUMN duration_ms INTEGER`,
    `ALTER TABLE tasks ADD COLUMN id_length INTEGER GENERATED ALWAYS AS (length(task_id)) VIRTUAL`,
    `CREATE INDEX tasks_by_id ON tasks (run_id, id_length, task_id)`,
    `CREATE INDEX tasks_by_status ON tasks (run_id, status, id_length, task_id)`,
    `CREATE INDEX tasks_by_process ON tasks (run_id, process, id_length, task_id)`,
  ],
} as const;

/** The searchable text of a run. Its arguments contain no secret values. */
function textOf(row: 'runs' | 'new'): string {
  return `${row}.id || ' ' || coalesce(${row}.run_name, '') || ' ' || ${row}.launch_directory || ' ' || ${row}.arguments`;
}
