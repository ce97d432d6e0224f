import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Claim, Claims } from '../ledger/postgres/claims.ts';
import { EscrowError } from '../errors.ts';

/** Which deliveries to claim: one, or those whose time to act has come. */
type WantedDelivery = { readonly id: string } | { readonly dueAt: string };

/** The claims of this process on deliveries. Only the process that has claimed a delivery acts on it. */
export interface DeliveryClaims {
  /** Claims up to `limit` deliveries that nobody else has claimed. */
  take(wanted: WantedDelivery, limit: number): Promise<Claim[]>;
  /** Runs `work` in a transaction and extends the claim. Throws `claim-lost` if another process has the delivery now. */
  write<T>(claim: Claim, work: (db: Queries) => Promise<T>): Promise<T>;
  /** Ends a claim. Does nothing if it is lost. */
  release(claim: Claim): Promise<void>;
}

/** Returns the claims of a replica that shares a PostgreSQL ledger with others. */
export function sharedClaims(claims: Pick<Claims, 'take' | 'write' | 'release'>): DeliveryClaims {
  return {
    take: (wanted, limit) =>
      claims.take(
        'deliveries',
        (eb) =>
          'id' in wanted
            ? eb('id', '=', wanted.id)
            : eb.and([eb('state', '!=', 'removed'), eb('next_at', '<=', wanted.dueAt)]),
        limit,
      ),
    // Its tables have all columns of the ledger's.
    write: (claim, work) => claims.write(claim, (db) => work(db as unknown as Queries)),
    release: (claim) => claims.release(claim),
  };
}

/** Returns the claims of the only process that uses a ledger: in its memory, so that a restarted one has none. */
export function localClaims({ db, write }: Pick<Ledger, 'db' | 'write'>): DeliveryClaims {
  const held = new Map<string, number>();
  let last = 0;
  return {
    take: async (wanted, limit) => {
      let query = db.selectFrom('deliveries').select('id').orderBy('next_at');
      query =
        'id' in wanted
          ? query.where('id', '=', wanted.id)
          : query.where('state', '!=', 'removed').where('next_at', '<=', wanted.dueAt);
      const rows = await query.execute();
      const free = rows.filter(({ id }) => !held.has(id)).slice(0, limit);
      return free.map(({ id }) => {
        last += 1;
        held.set(id, last);
        return { table: 'deliveries', id, fence: last };
      });
    },
    write: ({ id, fence }, work) => {
      if (held.get(id) === fence) return write(work);
      throw new EscrowError('claim-lost', `Cannot update deliveries ${id}: the claim has ended.`);
    },
    release: async ({ id, fence }) => {
      if (held.get(id) === fence) held.delete(id);
      return Promise.resolve();
    },
  };
}
