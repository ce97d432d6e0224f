import { sql } from 'kysely';
import type { Principal } from '../../access/principal.ts';
import { EscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/open.ts';
import type { KeySource } from './key-ring.ts';
import { open, seal, sealedWith, type VaultKey } from '../encryption.ts';
import { contextOf, type Vault } from '../vault.ts';

/** Rows that are moved in one transaction: between two of them the daemon answers others. */
const BATCH = 200;

/**
 * Gives the vault a new key. The new key is in the key file before the first row moves, and the old one stays there
 * until the last has: interrupted anywhere, every value opens, and `finishRekey` completes it. Gives the number moved.
 */
export async function rekey(
  ledger: Ledger,
  vault: Vault,
  by: Principal,
  source: KeySource,
  passphrase: Buffer | undefined,
): Promise<number> {
  return alone(vault, async () => {
    await assertOpens(ledger, vault);
    const key = await vault.keys.add(source, passphrase);
    await ledger.write((db) =>
      record(db, { type: 'vault.rekeyed', by: by.user, data: { key: key.id, source } }),
    );
    return moveAll(ledger, vault, key);
  });
}

/** Completes a rekey that was interrupted; does nothing where there was none. Throws `vault-locked` and its like. */
export async function finishRekey(ledger: Ledger, vault: Vault): Promise<number> {
  if ((vault.keys.ring()?.length ?? 0) < 2) return 0;
  return alone(vault, async () => moveAll(ledger, vault, await vault.keys.current(false)));
}

const underWay = new WeakSet<Vault>();

/** Two at once would move the same rows to and fro. */
async function alone<T>(vault: Vault, work: () => Promise<T>): Promise<T> {
  if (underWay.has(vault)) throw new EscrowError('state-conflict', 'The vault is being given a new key.');
  underWay.add(vault);
  try {
    return await work();
  } finally {
    underWay.delete(vault);
  }
}

/** The ids of the keys with which something is sealed. */
export async function keysInUse(db: Queries): Promise<string[]> {
  const rows = await db
    .selectFrom('secret_versions')
    .select(sql<string>`lower(hex(substr(sealed, 2, 8)))`.as('id'))
    .distinct()
    .execute();
  return rows.map(({ id }) => id);
}

/** How many values are sealed with another key than this one. */
export async function countSealedOtherwise(db: Queries, keyId: string): Promise<number> {
  const { count } = await db
    .selectFrom('secret_versions')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where(sql<boolean>`lower(hex(substr(sealed, 2, 8))) <> ${keyId}`)
    .executeTakeFirstOrThrow();
  return count;
}

/** Before anything is changed: each key that is in use must be at hand, or its values could never be moved. */
async function assertOpens(ledger: Ledger, vault: Vault): Promise<void> {
  for (const id of await keysInUse(ledger.db)) await vault.keys.get(id);
}

async function moveAll(ledger: Ledger, vault: Vault, key: VaultKey): Promise<number> {
  let moved = 0;
  for (let count = BATCH; count === BATCH; moved += count) count = await moveSome(ledger, vault, key);
  // Within a transaction: no row can come to be sealed with an old key between the look and the drop.
  await ledger.write(async (db) => {
    if ((await keysInUse(db)).every((id) => id === key.id)) vault.keys.dropOld();
  });
  return moved;
}

async function moveSome(ledger: Ledger, vault: Vault, key: VaultKey): Promise<number> {
  const isOld = sql<boolean>`substr(sealed, 2, 8) <> ${Buffer.from(key.id, 'hex')}`;
  // Keys first: what has to be waited for must not be waited for within the transaction.
  const old = new Map<string, VaultKey>();
  for (const id of await keysInUse(ledger.db)) old.set(id, await vault.keys.get(id));
  return ledger.write(async (db) => {
    const rows = await db.selectFrom('secret_versions').selectAll().where(isOld).limit(BATCH).execute();
    for (const row of rows) {
      const before = Buffer.from(row.sealed as ArrayBuffer);
      const opener = old.get(sealedWith(before));
      if (opener === undefined) throw new Error('a value was sealed with an old key meanwhile');
      const context = contextOf(ledger, row);
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
