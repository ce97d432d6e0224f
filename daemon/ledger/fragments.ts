import type { Dialect, DialectAdapter, Expression, RawBuilder, SqlBool } from 'kysely';
import type { Queries } from './queries.ts';

/** Parts of queries that SQLite and PostgreSQL write differently. Each dialect has its own: `sqlite/`, `postgres/`. */
export interface Fragments {
  /** Whether a text contains another. The case of ASCII letters is ignored. */
  contains(text: Expression<string>, part: string): RawBuilder<SqlBool>;
  /**
   * Whether a column has one of these texts or whole numbers. They are one parameter: a statement with hundreds of them takes longer
   * to build than to execute.
   */
  oneOf(column: string, values: readonly string[] | readonly number[]): RawBuilder<SqlBool>;
  /** The text in a field of a column that contains a JSON object; null if it has no such field. */
  jsonText(column: string, field: string): RawBuilder<string | null>;
  /** Whether a list in a field of a column that contains a JSON object has this text. */
  jsonListHas(column: string, field: string, text: string): RawBuilder<SqlBool>;
  /** Whether a list in a field of a column that contains a JSON object has an object with this text in a field. */
  jsonListHasObject(column: string, field: string, inner: string, text: string): RawBuilder<SqlBool>;
  /** The time, plus seconds, in the format of the ledger (ISO 8601, UTC): of the database, if several processes share it. */
  now(plusSeconds?: number): RawBuilder<string>;
  /** The larger of two numbers. */
  larger(one: Expression<number>, other: Expression<number>): RawBuilder<number>;
  /** Bytes of a column as lower-case hexadecimal digits. `from` counts from 1. */
  hex(column: string, from: number, length: number): RawBuilder<string>;
  /** A column of long texts, as its unique index has it. The entries of indexes of PostgreSQL are limited to 2704 bytes. */
  longKey(column: string): RawBuilder<unknown>;
  /** Whether a row of `runs_text` has words that begin with those of a text, in their order where no space separates them. */
  hasWords(text: string): RawBuilder<SqlBool>;
}

/** The adapter of a ledger's dialect, which carries its fragments, because transactions have it too. */
type LedgerAdapter = DialectAdapter & { readonly fragments: Fragments };

/** Returns the dialect of a ledger with these fragments. */
export function withFragments(dialect: Dialect, fragments: Fragments): Dialect {
  return {
    createAdapter: () => Object.assign(dialect.createAdapter(), { fragments }),
    createDriver: () => dialect.createDriver(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  };
}

/** Returns the fragments of the dialect of a ledger. */
export function fragmentsOf(db: Queries): Fragments {
  const { adapter } = db.getExecutor();
  if ('fragments' in adapter) return (adapter as LedgerAdapter).fragments;
  throw new Error('the database is not that of a ledger');
}

/** Returns the time, plus seconds, of the clock that all processes which share the ledger use, as a part of a query. */
export function ledgerTime(db: Queries, plusSeconds = 0): RawBuilder<string> {
  return fragmentsOf(db).now(plusSeconds);
}
