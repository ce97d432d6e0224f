import type { Numbered } from '../../adopt-numeric-id.ts';

const TABLES: readonly Numbered[] = ['organizations', 'scopes', 'secrets'];

/** A random number from 1 to 2^53 - 1, the largest integer that JSON numbers carry exactly. */
const RANDOM = 'max(1, random() & 0x1FFFFFFFFFFFFF)';

/**
 * Adds ids that are numbers. They are random, so that the id of a removed object is not used again and ledgers can be merged.
 * Triggers assign them, so that no writer can forget one.
 */
export const numericIdsMigration = {
  name: 'ids that are numbers',
  statements: TABLES.flatMap((table) => [
    `ALTER TABLE ${table} ADD COLUMN numeric_id INTEGER`,
    `UPDATE ${table} SET numeric_id = ${RANDOM}`,
    `CREATE UNIQUE INDEX ${table}_by_numeric_id ON ${table} (numeric_id)`,
    `CREATE TRIGGER ${table}_numbered AFTER INSERT ON ${table} WHEN new.numeric_id IS NULL BEGIN
       UPDATE ${table} SET numeric_id = ${RANDOM} WHERE id = new.id;
     END`,
  ]),
};
