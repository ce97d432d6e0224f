import { sql } from 'kysely';
import type { Fragments } from '../fragments.ts';

/** Fragments of queries in the dialect of SQLite. */
export const sqliteFragments: Fragments = {
  contains: (text, part) => sql`instr(lower(${text}), lower(${part})) > 0`,
  oneOf: (column, values) =>
    sql`${sql.ref(column)} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`,
  jsonText: (column, field) => sql`${sql.ref(column)} ->> ${field}`,
  jsonListHas: (column, field, text) =>
    sql`EXISTS (SELECT 1 FROM json_each(${sql.ref(column)}, ${`$.${field}`}) AS each WHERE each.value = ${text})`,
  jsonListHasObject: (column, field, inner, text) =>
    sql`EXISTS (SELECT 1 FROM json_each(${sql.ref(column)}, ${`$.${field}`}) AS each
      WHERE CASE each.type WHEN 'object' THEN each.value ->> ${inner} END = ${text})`,
  now: (plusSeconds = 0) => sql`${new Date(Date.now() + plusSeconds * 1000).toISOString()}`,
  larger: (one, other) => sql`max(${one}, ${other})`,
  hex: (column, from, length) => sql`lower(hex(substr(${sql.ref(column)}, ${from}, ${length})))`,
  longKey: (column) => sql`${sql.ref(column)}`,
  hasWords: (text) => sql`runs_text MATCH ${matchOf(text)}`,
};

/**
 * Returns the full-text expression for rows that contain the beginning of each word. Quotes make everything else in a word
 * text: https://sqlite.org/fts5.html, section 3.1.
 */
function matchOf(text: string): string {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.map((word) => `"${word.replaceAll('"', '""')}"*`).join(' ');
}
