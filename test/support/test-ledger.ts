// Opens the ledgers of tests and of campaigns. Without tap, because campaigns run it in processes that are no tests.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Ledger } from '../../daemon/ledger/ledger.ts';
import { openPostgresLedger } from '../../daemon/ledger/postgres/open.ts';
import type { ErasureReport } from '../../daemon/ledger/sqlite/erasure/erasure.ts';
import { openLedger } from '../../daemon/ledger/sqlite/open.ts';

/** The databases of a test on PostgreSQL. */
export interface TestDatabases {
  /** Connection strings by the path that the ledger has on SQLite. */
  readonly urls: Map<string, Promise<string>>;
  /** Creates an empty database and returns its connection string. */
  readonly create: () => Promise<string>;
}

/** Undefined for a test on SQLite. */
export const testDatabases = new AsyncLocalStorage<TestDatabases | undefined>();

/** Opens the ledger of a path: the file, or on PostgreSQL the database that the path stands for in this test. */
export async function openTestLedger(path: string, onErasure?: ErasureReport): Promise<Ledger> {
  const databases = testDatabases.getStore();
  if (databases === undefined) return openLedger(path, onErasure);
  const url = databases.urls.get(path) ?? databases.create();
  databases.urls.set(path, url);
  return openPostgresLedger(await url, { connections: 5 });
}
