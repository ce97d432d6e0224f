import type { SqliteDatabase, SqliteStatement } from 'kysely';
import type Database from 'libsql';
import { EscrowError, systemCode } from '../../errors.ts';
import { StatementCache } from './statement-cache.ts';

/** Primary result code (https://sqlite.org/rescode.html), reason and hint. */
const UNAVAILABLE: readonly (readonly [string, string, string])[] = [
  ['SQLITE_FULL', 'the disk is full', 'Free disk space (see `df`), then try again.'],
  [
    'SQLITE_READONLY',
    'the file is read-only',
    'Check its file system and mode with `mount` and `ls -ld`, then try again.',
  ],
  ['SQLITE_IOERR', 'disk I/O error', 'Check its disk with `df` and `dmesg`, then try again.'],
  [
    'SQLITE_CANTOPEN',
    'the file cannot be opened',
    'Check its disk and mode with `df` and `ls -ld`, then try again.',
  ],
  ['SQLITE_BUSY', 'another process has locked it', 'Try again. `fuser` on the file lists the processes.'],
  ['SQLITE_PROTOCOL', 'another process has locked it', 'Try again. `fuser` on the file lists the processes.'],
];

/** Converts SQLite errors caused by the disk or the file to errors of the table; returns other errors unchanged. */
export function ledgerError(path: string, error: unknown): unknown {
  if (isDamage(error)) return damaged(path, messageOf(error));
  const found = findReason(error);
  if (found === undefined) return error;
  const message = `Cannot use the ledger "${path}": ${found.why} (${messageOf(error)}).`;
  return new EscrowError('ledger-unavailable', message, { hint: found.hint, cause: error });
}

/** Returns the reason of an error that the disk or the file caused, and what to do about it. */
export function findReason(error: unknown): { readonly why: string; readonly hint: string } | undefined {
  const found = UNAVAILABLE.find(([code]) => isKind(error, code));
  if (found === undefined) return undefined;
  const [, why, hint] = found;
  return { why, hint };
}

/** Returns whether SQLite reports a damaged file. */
export function isDamage(error: unknown): boolean {
  return isKind(error, 'SQLITE_CORRUPT') || isKind(error, 'SQLITE_NOTADB');
}

/** Returns the error for a damaged ledger. */
export function damaged(path: string, why: string): EscrowError {
  return new EscrowError('ledger-corrupt', `Cannot open the ledger "${path}": it is damaged: ${why}.`);
}

/** Returns the message of an error, or `unknown` for any other value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

/** Wraps the database for Kysely's dialect, so that its errors become errors of the table. */
export function withTableErrors(path: string, database: Database.Database): SqliteDatabase {
  const converting = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw ledgerError(path, error);
    }
  };
  const statements = new StatementCache((sql) => {
    const statement = converting(() => database.prepare(sql) as unknown as SqliteStatement);
    return {
      reader: statement.reader,
      all: (parameters) => converting(() => statement.all(parameters)),
      run: (parameters) => converting(() => statement.run(parameters)),
      iterate: (parameters) => converting(() => statement.iterate(parameters)),
    };
  });
  return {
    close: () => database.close(),
    prepare: (sql) => {
      if (sql === 'begin') return beginning(database, converting);
      // After some errors (a full disk) SQLite has already rolled back. A second rollback would fail and hide the cause.
      if (sql === 'rollback' && !database.inTransaction) return NOTHING;
      return statements.get(sql);
    },
  };
}

/**
 * Begins a transaction with BEGIN IMMEDIATE. Every transaction writes, so a locked ledger should fail here, before any
 * other statement. libsql keeps a statement that failed with SQLITE_BUSY open until it is garbage-collected, and SQLite
 * cannot commit until then; `exec` finalizes its statement.
 */
function beginning(
  database: Database.Database,
  converting: (work: () => unknown) => unknown,
): SqliteStatement {
  return {
    ...NOTHING,
    run: (parameters) => {
      converting(() => database.exec('BEGIN IMMEDIATE'));
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

/** Matches extended codes too, which start with the primary one: SQLITE_IOERR_WRITE. */
function isKind(error: unknown, code: string): boolean {
  const found = systemCode(error) ?? '';
  return found === code || found.startsWith(`${code}_`);
}
