import { sql } from 'kysely';
import type { Principal } from '../../access/principal.ts';
import { EscrowError } from '../../errors.ts';
import { fragmentsOf } from '../../ledger/fragments.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { noFaults, step, type FaultInjector } from '../../system/steps.ts';
import { chosenKey, preparedKey } from './chosen-key.ts';
import type { KeySource } from './key-ring.ts';
import { open, seal, sealedWith, type VaultKey } from '../encryption.ts';
import { contextOf } from '../store-secrets.ts';
import type { Vault } from '../vault.ts';

/** Rows per transaction. Between two transactions the daemon serves other requests. */
const BATCH = 200;
/**
 * Time for which the old key of a shared ledger stays in the key file. Another process may still encrypt with it: in a transaction that
 * began before the rekey, or because its own key file has not been replaced yet.
 */
const RETAINED_MS = 24 * 3600 * 1000;

/**
 * Encrypts all values with a new key and returns their number. The key file contains both keys until the last value is
 * rewritten, and on a shared ledger for a day longer. After a crash at any point, every value can be decrypted, and `finishRekey`
 * completes the rekey.
 */
export async function rekey(
  ledger: Ledger,
  vault: Vault,
  by: Principal,
  source: KeySource,
  passphrase: Buffer | undefined,
): Promise<number> {
  return exclusively(vault, async () => {
    await assertKeysAvailable(ledger, vault);
    const key = await vault.keys.add(source, passphrase);
    await ledger.write((db) =>
      record(db, { type: 'vault.rekeyed', by: by.user, data: { key: key.id, source } }),
    );
    return encryptAll(ledger, vault, key);
  });
}

/** Completes an interrupted rekey, if there is one. Throws the errors of `Keys.get`, such as `vault-locked`. */
export async function finishRekey(
  ledger: Ledger,
  vault: Vault,
  faults: FaultInjector = noFaults,
): Promise<number> {
  if ((vault.keys.ring()?.length ?? 0) < 2) return 0;
  if (!vault.keys.isFixed)
    return exclusively(vault, async () => encryptAll(ledger, vault, await vault.keys.current(false), faults));
  const chosen = await chosenKey(ledger.db);
  if (chosen === undefined) return 0; // a key is prepared, and encrypts nothing yet
  return exclusively(vault, async () => encryptAll(ledger, vault, await vault.keys.get(chosen), faults));
}

const inProgress = new WeakSet<Vault>();

/** Rejects a second rekey: two at the same time would rewrite each other's rows. */
async function exclusively<T>(vault: Vault, work: () => Promise<T>): Promise<T> {
  if (inProgress.has(vault))
    throw new EscrowError('state-conflict', 'Cannot rekey the vault: another rekey is in progress.', {
      hint: 'Wait until the output of `nf-escrow vault status` no longer contains `pending`, then try again.',
    });
  inProgress.add(vault);
  try {
    return await work();
  } finally {
    inProgress.delete(vault);
  }
}

/** The id of the key that encrypts a value: 8 bytes after that of the format. */
const keyIdIn = (db: Queries) => fragmentsOf(db).hex('sealed', 2, 8);

/** Returns the ids of the keys that encrypt at least one value. */
export async function keysInUse(db: Queries): Promise<string[]> {
  const rows = await db.selectFrom('secret_versions').select(keyIdIn(db).as('id')).distinct().execute();
  return rows.map(({ id }) => id);
}

/** Counts the values that each key encrypts. */
export async function countValuesByKey(
  db: Queries,
): Promise<readonly { readonly id: string; readonly count: number }[]> {
  return db
    .selectFrom('secret_versions')
    .select((select) => [keyIdIn(db).as('id'), select.fn.countAll<number>().as('count')])
    .groupBy(sql.ref('id')) // the alias: PostgreSQL does not recognize an expression with parameters
    .orderBy('count', 'desc')
    .execute();
}

/** Counts the values that are encrypted with another key than this one. */
export async function countSealedOtherwise(db: Queries, keyId: string): Promise<number> {
  const { count } = await db
    .selectFrom('secret_versions')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where(keyIdIn(db), '<>', keyId)
    .executeTakeFirstOrThrow();
  return count;
}

/** Throws if a key in use is not available: `vault-key-missing`, `vault-locked`, `vault-key-command-failed`, … */
export async function assertKeysAvailable(ledger: Ledger, vault: Vault): Promise<void> {
  for (const id of await keysInUse(ledger.db)) await vault.keys.get(id);
}

async function encryptAll(
  ledger: Ledger,
  vault: Vault,
  key: VaultKey,
  faults: FaultInjector = noFaults,
): Promise<number> {
  let total = 0;
  for (let count = BATCH; count === BATCH; total += count)
    count = await step(faults, 'rekey.encrypt', () => encryptBatch(ledger, vault, key));
  const dropUnused = async (db: Queries): Promise<void> => {
    if (!(await keysInUse(db)).every((id) => id === key.id)) return;
    const prepared = await preparedKey(db); // of the next rekey, on a server
    await step(faults, 'rekey.remove-key', () => {
      vault.keys.dropOthers(key, prepared);
    });
  };
  if (ledger.isShared) {
    if (await isRetired(ledger, key)) await dropUnused(ledger.db);
  } else await ledger.write(dropUnused); // no row is encrypted with an old key between the check and the removal of that key
  return total;
}

/** Whether the rekey to a key was so long ago that every process knows it. */
async function isRetired(ledger: Ledger, { id: key }: VaultKey): Promise<boolean> {
  const rows = await ledger.db
    .selectFrom('journal')
    .select(['at', 'data'])
    .where('type', '=', 'vault.rekeyed')
    .orderBy('seq', 'desc')
    .execute();
  const own = rows.find(({ data }) => (JSON.parse(data) as { key?: string }).key === key);
  if (own !== undefined) return ledger.clock.now() - Date.parse(own.at) > RETAINED_MS;
  // The process that added the key was killed before it recorded that: the time begins now.
  await ledger.write((db) => record(db, { type: 'vault.rekeyed', data: { key } }));
  return false;
}

async function encryptBatch(ledger: Ledger, vault: Vault, key: VaultKey): Promise<number> {
  const isOld = sql<boolean>`substr(sealed, 2, 8) <> ${Buffer.from(key.id, 'hex')}`;
  // Deriving a key takes time, so it happens before the transaction.
  const old = new Map<string, VaultKey>();
  for (const id of await keysInUse(ledger.db)) old.set(id, await vault.keys.get(id));
  return ledger.write(async (db) => {
    const rows = await db.selectFrom('secret_versions').selectAll().where(isOld).limit(BATCH).execute();
    for (const row of rows) {
      const before = Buffer.from(row.sealed as ArrayBuffer);
      const opener = old.get(sealedWith(before));
      if (opener === undefined) throw new Error('another request encrypted a value with an old key');
      const context = contextOf(ledger.id, row);
      await db
        .updateTable('secret_versions')
        .set({ sealed: seal(open(before, context, opener), context, key) })
        .where('secret_id', '=', row.secret_id)
        .where('version', '=', row.version)
        .execute();
    }
    return rows.length;
  });
}
