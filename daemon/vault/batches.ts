/** Rows of one statement. A statement has a limited number of parameters: 32,766 in SQLite, 65,535 in PostgreSQL. */
const ROWS = 500;

/** Splits a list, for statements that concern many rows: one statement for each row would take most of the time of an import. */
export function inBatches<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / ROWS) }, (_, index) =>
    all.slice(index * ROWS, (index + 1) * ROWS),
  );
}
