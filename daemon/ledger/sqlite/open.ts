import { EventEmitter } from 'node:events';
import { dirname } from 'node:path';
import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import Database from 'libsql';
import { EscrowError } from '../../errors.ts';
import { assertPrivateDirectory, assertPrivateFile } from '../../system/files/private-directory.ts';
import { syncDirectory } from '../../system/files/atomic-write.ts';
import { fileSystemType } from '../../system/files/file-system-type.ts';
import { ensureOwnedFile } from '../../system/files/owned-file.ts';
import { systemClock } from '../../system/time/clock.ts';
import type { Ledger } from '../ledger.ts';
import { withFragments } from '../fragments.ts';
import type { Tables } from '../tables.ts';
import { assertEpoch, raiseEpoch } from './epoch.ts';
import { Erasure, type ErasureReport } from './erasure/erasure.ts';
import { sqliteFeed } from './feed.ts';
import { sqliteFragments } from './fragments.ts';
import { GroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import { damaged, isDamage, ledgerError, messageOf, withTableErrors } from './errors.ts';

/**
 * Opens the ledger, creates it if it does not exist, and migrates it to the newest schema version.
 *
 * `synchronous=EXTRA`: a committed write survives a power loss, also in rollback mode. `secure_delete`: a deleted row is
 * overwritten, although values are encrypted. `temp_store=MEMORY`: no copies of rows in temporary files. See
 * https://sqlite.org/pragma.html. Calls `onErasure` when removed values cannot be erased, and when they finally are.
 * Throws `ledger-unavailable`, `ledger-corrupt`, `ledger-too-new`, `path-conflict`, `permissions-too-open`.
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
  // libsql implements the interface of better-sqlite3, which Kysely's dialect expects.
  const dialect = new SqliteDialect({ database: withTableErrors(path, database) });
  const db = new Kysely<Tables>({ dialect: withFragments(dialect, sqliteFragments) });
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
  let count = 0;
  const commits: GroupCommit = new GroupCommit(db, begin, async () => {
    count += 1;
    await erasure.afterCommit();
    changes.emit('change');
  });
  const erasure = new Erasure(db, database, path, (work) => commits.write(work), onErasure);
  erasure.start();
  const write: Ledger['write'] = (work) => commits.write(work);
  const claim: Ledger['claim'] = async (onLost) => {
    lost = onLost;
    return (epoch = await db.transaction().execute(raiseEpoch));
  };
  const close: Ledger['close'] = async () => {
    await erasure.stop();
    await db.destroy();
  };
  return {
    db,
    id,
    isShared: false,
    feed: sqliteFeed(db),
    clock: systemClock,
    changes,
    get commits() {
      return count;
    },
    claim,
    erasure,
    write,
    close,
  };
}

/**
 * Returns WAL, or a rollback journal on network file systems: WAL needs shared memory, which two hosts do not have
 * (https://sqlite.org/wal.html). On a network file system the host lease ensures that there is one daemon. Locks are held
 * only during a write, so that a suspended daemon does not block the one that takes over.
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
    throw new EscrowError('ledger-unavailable', `Cannot open the ledger "${path}": ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** Throws `ledger-corrupt` for a damaged ledger before the first write, which could do more damage. */
function checkIntegrity(path: string, database: Database.Database): void {
  let found;
  try {
    found = database.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
  } catch (error) {
    throw isDamage(error) ? damaged(path, messageOf(error)) : ledgerError(path, error);
  }
  if (found.integrity_check !== 'ok') throw damaged(path, found.integrity_check.split('\n')[0] ?? '');
}
