import type { SqliteDatabase, SqliteStatement } from 'kysely';
import type Database from 'libsql';
import { EscrowError, systemCode } from '../errors.ts';

/** By primary result code, https://sqlite.org/rescode.html: what happened, and what to do about it. */
const UNAVAILABLE: readonly (readonly [string, string, string])[] = [
  ['SQLITE_FULL', 'its disk is full', 'Make room (see `df`), then try again.'],
  [
    'SQLITE_READONLY',
    'it cannot be written',
    'Look at its disk and modes (`mount`, `ls -ld`), then try again.',
  ],
  ['SQLITE_IOERR', 'its disk failed', 'Look at its disk (`df`, `dmesg`), then try again.'],
  ['SQLITE_CANTOPEN', 'it cannot be opened', 'Look at its disk and modes (`df`, `ls -ld`), then try again.'],
  ['SQLITE_BUSY', 'another process holds it', 'Try again; `fuser` on the file tells who has it.'],
  ['SQLITE_PROTOCOL', 'another process holds it', 'Try again; `fuser` on the file tells who has it.'],
];

/** An error of SQLite that is the disk's or the file's fault as one of the table; any other as it is. */
export function ledgerError(path: string, error: unknown): unknown {
  if (isDamage(error)) return damaged(path, messageOf(error));
  const found = UNAVAILABLE.find(([code]) => isKind(error, code));
  if (found === undefined) return error;
  const [, what, hint] = found;
  return new EscrowError('ledger-unavailable', `"${path}": ${what} (${messageOf(error)}).`, {
    hint,
    cause: error,
  });
}

export function isDamage(error: unknown): boolean {
  return isKind(error, 'SQLITE_CORRUPT') || isKind(error, 'SQLITE_NOTADB');
}

export function damaged(path: string, what: string): EscrowError {
  return new EscrowError('ledger-corrupt', `"${path}" is damaged: ${what}.`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

/** The database for Kysely's dialect, throwing errors of the table. */
export function tellingErrors(path: string, database: Database.Database): SqliteDatabase {
  const telling = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw ledgerError(path, error);
    }
  };
  return {
    close: () => database.close(),
    prepare: (sql) => {
      if (sql === 'begin') return beginning(database, telling);
      // At some errors (a full disk) SQLite has rolled back by itself; to ask for it again would hide what went wrong.
      if (sql === 'rollback' && !database.inTransaction) return NOTHING;
      const statement = telling(() => database.prepare(sql) as unknown as SqliteStatement);
      return {
        reader: statement.reader,
        all: (parameters) => telling(() => statement.all(parameters)),
        run: (parameters) => telling(() => statement.run(parameters)),
        iterate: (parameters) => telling(() => statement.iterate(parameters)),
      };
    },
  };
}

/**
 * Every transaction writes, so its lock is taken as it begins: what is busy is told before anything is done, and of a
 * statement that ends itself. libsql leaves one that found the ledger busy open until it is collected as garbage, and
 * SQLite commits nothing until then.
 */
function beginning(database: Database.Database, telling: (work: () => unknown) => unknown): SqliteStatement {
  return {
    ...NOTHING,
    run: (parameters) => {
      telling(() => database.exec('BEGIN IMMEDIATE'));
      return NOTHING.run(parameters);
    },
  };
}

const NOTHING: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

/** Extended codes begin with their primary one: SQLITE_IOERR_WRITE. */
function isKind(error: unknown, code: string): boolean {
  const found = systemCode(error) ?? '';
  return found === code || found.startsWith(`${code}_`);
}
