import type { Queries } from '../../ledger/ledger.ts';
import { readMeta, writeMeta } from '../../ledger/meta.ts';

/*
 * The replicas of a server have copies of one key file, which their operator replaces one after the other. The ledger therefore says
 * which of the keys encrypts, and not the order of the keys in a copy.
 */

const CHOSEN = 'vault-key';
const PREPARED = 'vault-key-prepared';

/** Returns the id of the key that encrypts, or undefined before the first rekey: then it is the first of the key file. */
export async function chosenKey(db: Queries): Promise<string | undefined> {
  return readMeta(db, CHOSEN);
}

/** Returns the id of the new key that a rekey has prepared, if there is one. */
export async function preparedKey(db: Queries): Promise<string | undefined> {
  return readMeta(db, PREPARED);
}

export async function prepareKey(db: Queries, id: string): Promise<void> {
  await writeMeta(db, PREPARED, id);
}

/** Makes the prepared key encrypt. Transactions that encrypt with the previous key fail, and run again with this one. */
export async function choosePreparedKey(db: Queries, id: string): Promise<void> {
  await writeMeta(db, CHOSEN, id);
  await db.deleteFrom('meta').where('key', '=', PREPARED).execute();
}
