import { EventEmitter } from 'node:events';
import { dirname } from 'node:path';
import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import Database from 'libsql';
import { EscrowError } from '../errors.ts';
import { assertPrivateDirectory, assertPrivateFile } from '../system/files/private-directory.ts';
import { syncDirectory } from '../system/files/atomic-write.ts';
import { fileSystemType } from '../system/files/file-system-type.ts';
import { ensureOwnedFile } from '../system/files/owned-file.ts';
import { assertEpoch, raiseEpoch } from './epoch.ts';
import { Erasure, type ErasureReport } from './erasure/erasure.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import { damaged, isDamage, ledgerError, messageOf, tellingErrors } from './sqlite-errors.ts';
import type { Tables } from './tables.ts';

/** The database, and the id that its sealed values are bound to. */
export interface Ledger {
  /** For reading. Writes go through `write`. */
  readonly db: Kysely<Tables>;
  readonly id: string;
  /** Emits `change` after each transaction that was committed; who follows the journal looks then. */
  readonly changes: EventEmitter<{ change: [] }>;
  /**
   * Makes this the daemon that may write, and gives its epoch: a number that grows with each. From then on every write
   * checks that it is still so; `onLost` is called when it is not.
   */
  claim(onLost: () => void): Promise<number>;
  /** Why values that were removed may still be in a file of the ledger (`pending`); undefined where they are in none. */
  readonly erasure: { readonly pending: string | undefined };
  /** Runs `work` in a transaction: what it writes is there whole and on the disk, or not at all. */
  write<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The ledger or a transaction of it: queries take either. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

/**
 * Opens the ledger, makes it where there is none, and brings it to this version's form.
 *
 * synchronous=EXTRA: an answered write survives a power loss, also in rollback mode. secure_delete: what a row held is
 * overwritten when it goes, although values are sealed. temp_store=MEMORY: SQLite's temporary files would hold copies of
 * rows. See https://sqlite.org/pragma.html. `onErasure` is told when removed values cannot be erased, and when they are.
 */
export async function openLedger(path: string, onErasure: ErasureReport = () => undefined): Promise<Ledger> {
  assertPrivateDirectory(dirname(path));
  const isNew = ensureOwnedFile(path);
  assertPrivateFile(path);
  const database = connect(path);
  try {
    checkIntegrity(path, database);
    migrate(path, database);
  } catch (error) {
    database.close();
    throw ledgerError(path, error);
  }
  if (isNew) syncDirectory(dirname(path));
  // libsql speaks better-sqlite3's interface, which is the one Kysely's dialect wants.
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: tellingErrors(path, database) }) });
  const { value: id } = await db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'ledger')
    .executeTakeFirstOrThrow();
  const changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  let epoch: number | undefined;
  let lost: () => void = () => undefined;
  const begin = async (transaction: Transaction<Tables>): Promise<void> => {
    if (epoch !== undefined)
      await assertEpoch(transaction, epoch).catch((error: unknown) => {
        if (error instanceof EscrowError && error.code === 'daemon-on-other-host') lost();
        throw error;
      });
  };
  const commits: GroupCommit = new GroupCommit(db, begin, () => erasure.afterCommit());
  const erasure = new Erasure(db, database, path, (work) => commits.write(work), onErasure);
  erasure.start();
  const write: Ledger['write'] = async (work) => {
    const result = await commits.write(work);
    changes.emit('change');
    return result;
  };
  const claim: Ledger['claim'] = async (onLost) => {
    lost = onLost;
    return (epoch = await db.transaction().execute(raiseEpoch));
  };
  const close: Ledger['close'] = async () => {
    await erasure.stop();
    await db.destroy();
  };
  return { db, id, changes, claim, erasure, write, close };
}

/**
 * WAL needs memory that all who have the ledger open share, which two hosts do not. https://sqlite.org/wal.html. On a
 * network file system there is one daemon, by its lease, and a rollback journal; locks are held while writing alone, so
 * that a daemon which was stopped does not keep the one that takes over from its ledger.
 */
function journalMode(path: string): 'WAL' | 'TRUNCATE' {
  return fileSystemType(dirname(path)).network ? 'TRUNCATE' : 'WAL';
}

function connect(path: string): Database.Database {
  try {
    const database = new Database(path, { timeout: 5000 });
    for (const pragma of [
      `journal_mode=${journalMode(path)}`,
      'synchronous=EXTRA',
      'secure_delete=ON',
      'temp_store=MEMORY',
      'foreign_keys=ON',
    ]) {
      database.exec(`PRAGMA ${pragma}`);
    }
    return database;
  } catch (error) {
    if (isDamage(error)) throw damaged(path, messageOf(error));
    throw new EscrowError(
      'ledger-unavailable',
      `"${path}" cannot be opened as a database: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}

/** A damaged ledger is found before anything is written to it: a write could make it worse. */
function checkIntegrity(path: string, database: Database.Database): void {
  let found;
  try {
    found = database.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
  } catch (error) {
    throw isDamage(error) ? damaged(path, messageOf(error)) : ledgerError(path, error);
  }
  if (found.integrity_check !== 'ok') throw damaged(path, found.integrity_check.split('\n')[0] ?? '');
}
