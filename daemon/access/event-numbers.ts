import { createHmac, randomBytes } from 'node:crypto';
import type { Ledger } from '../ledger/ledger.ts';

/** How events are numbered for the clients that read them. */
export interface EventNumbers {
  /** Returns the number that clients get for a position in the journal. */
  show(position: number): number;
  /** Returns the position of a number that a client has sent. */
  read(shown: number): number;
}

/** The positions themselves, on a daemon: all events are its user's. */
export const plainNumbers: EventNumbers = { show: (position) => position, read: (shown) => shown };

const KEY = 'event-number-key';
/** A number has two halves of this size, so that it stays below 2^53. */
const HALF = 2 ** 26;
const ROUNDS = [0, 1, 2, 3, 4, 5];

/**
 * Returns the numbers of a server: a permutation of the positions, which count the events of all tenants. The numbers that a tenant
 * sees say nothing about the number of other events, and a guessed number is that of no event. All replicas have the same key.
 */
export async function openEventNumbers(ledger: Ledger): Promise<EventNumbers> {
  const value = await ledger.write(async (db) => {
    await db
      .insertInto('meta')
      .values({ key: KEY, value: randomBytes(32).toString('hex') })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return db.selectFrom('meta').select('value').where('key', '=', KEY).executeTakeFirstOrThrow();
  });
  return permutedNumbers(Buffer.from(value.value, 'hex'));
}

/** A Feistel network: each round can be undone, whatever its function. https://csrc.nist.gov/pubs/sp/800/38/g/upd1/final */
export function permutedNumbers(key: Buffer): EventNumbers {
  const mix = (round: number, half: number): number =>
    createHmac('sha256', key)
      .update(`${String(round)} ${String(half)}`)
      .digest()
      .readUInt32BE() % HALF;
  return {
    show: (position) => {
      let [left, right] = [Math.floor(position / HALF), position % HALF];
      for (const round of ROUNDS) [left, right] = [right, (left + mix(round, right)) % HALF];
      return left * HALF + right;
    },
    read: (shown) => {
      if (shown >= HALF * HALF) return shown; // that of no event
      let [left, right] = [Math.floor(shown / HALF), shown % HALF];
      for (const round of [...ROUNDS].reverse())
        [left, right] = [(right - mix(round, left) + HALF) % HALF, left];
      return left * HALF + right;
    },
  };
}
