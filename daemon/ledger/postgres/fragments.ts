import { sql } from 'kysely';
import type { Fragments } from '../fragments.ts';

const json = (column: string) => sql`json_of(${sql.ref(column)})`;

/** Fragments of queries in the dialect of PostgreSQL. They use functions of the first migration. */
export const postgresFragments: Fragments = {
  contains: (text, part) => sql`strpos(lower(${text}), lower(${part}::text COLLATE "C")) > 0`,
  oneOf: (column, values) =>
    sql`${sql.ref(column)} = ANY (${values}::${sql.raw(typeof values[0] === 'number' ? 'bigint[]' : 'text[]')})`,
  jsonText: (column, field) => sql`${json(column)} ->> ${field}`,
  jsonListHas: (column, field, text) =>
    sql`coalesce(${json(column)} -> ${field} @> jsonb_build_array(${text}::text), false)`,
  jsonListHasObject: (column, field, inner, text) =>
    sql`coalesce(${json(column)} -> ${field} @> jsonb_build_array(jsonb_build_object(${inner}::text, ${text}::text)), false)`,
  now: (plusSeconds = 0) =>
    sql`to_char((statement_timestamp() + make_interval(secs => ${plusSeconds}::float8)) AT TIME ZONE 'UTC',
      'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  larger: (one, other) => sql`greatest(${one}, ${other})`,
  hex: (column, from, length) =>
    sql`encode(substr(${sql.ref(column)}, ${from}::integer, ${length}::integer), 'hex')`,
  hasWords: (text) => sql`words @@ words_query(${text.split(/\s+/).filter((word) => word !== '')}::text[])`,
  longKey: (column) => sql`long_key(${sql.ref(column)})`,
};
