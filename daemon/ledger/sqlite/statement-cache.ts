import type { SqliteStatement } from 'kysely';

/** Maximum number of statements that are kept. Queries with lists of different lengths are different statements. */
const KEPT_MAX = 200;

/** Statements whose effect or result depends only on the schema and their parameters. SQLite prepares them again after DDL. */
const REUSABLE = /^\s*(?:select|insert|update|delete|with|savepoint|release|commit)\b/i;

/**
 * Keeps prepared statements by their SQL text, because preparing one takes longer than running it. A statement that fails is
 * dropped: libsql keeps it open until it is garbage-collected, and SQLite cannot commit until then.
 */
export class StatementCache {
  readonly #prepare: (sql: string) => SqliteStatement;
  /** The statement that was used last is the last entry. */
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(prepare: (sql: string) => SqliteStatement) {
    this.#prepare = prepare;
  }

  /** Returns the statement of an SQL text. Throws what `prepare` throws. */
  get(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const statement = this.#prepare(sql);
    if (!REUSABLE.test(sql)) return statement;
    const kept = this.#droppedOnError(sql, statement);
    this.#statements.set(sql, kept);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > KEPT_MAX && oldest !== undefined) this.#statements.delete(oldest);
    return kept;
  }

  #droppedOnError(sql: string, statement: SqliteStatement): SqliteStatement {
    const dropping = <T>(work: () => T): T => {
      try {
        return work();
      } catch (error) {
        this.#statements.delete(sql);
        throw error;
      }
    };
    return {
      reader: statement.reader,
      all: (parameters) => dropping(() => statement.all(parameters)),
      run: (parameters) => dropping(() => statement.run(parameters)),
      // The caller reads rows between other statements, one of which may be the same.
      iterate: (parameters) => this.#prepare(sql).iterate(parameters),
    };
  }
}
