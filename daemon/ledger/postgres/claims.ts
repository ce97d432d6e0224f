import { sql, type Expression, type ExpressionBuilder, type SqlBool, type Transaction } from 'kysely';
import { EscrowError } from '../../errors.ts';
import type { PostgresTables } from './tables.ts';
import type { Isolation } from './write.ts';

/** Tables whose rows can be claimed. */
export type Claimable = 'leases' | 'deliveries' | 'shared_work';

/** A row that this process has claimed. */
export interface Claim {
  readonly table: Claimable;
  readonly id: string;
  /** The fencing number. It is raised at each claim, so that an earlier claimant has a lower one. */
  readonly fence: number;
}

/** Time after which another process can claim a row. */
const CLAIM_SECONDS = 60;

type Work<T> = (transaction: Transaction<PostgresTables>) => Promise<T>;
type Write = <T>(work: Work<T>, isolation?: Isolation) => Promise<T>;
type Wanted<Table extends Claimable> = (eb: ExpressionBuilder<PostgresTables, Table>) => Expression<SqlBool>;

/**
 * Distributes work on rows over the processes that share a ledger. A claim expires 60 s after the last `take` or `renew`, by the
 * clock of the database. A process that is paused for longer loses its claims: another one takes the row with a higher
 * fencing number, and every write of the first one then fails with `claim-lost`. The action itself must be idempotent, because a
 * claimant can lose its claim between its action and its write.
 */
export class Claims {
  readonly #write: Write;
  readonly #claimant: string;
  readonly #seconds: number;

  /** `claimant` names this process in the rows, for people. `seconds`: tests shorten it. */
  constructor(write: Write, claimant: string, seconds = CLAIM_SECONDS) {
    this.#write = write;
    this.#claimant = claimant;
    this.#seconds = seconds;
  }

  /** Claims up to `limit` rows that match and that nobody else has claimed. Rows that others are claiming now are skipped. */
  async take(table: 'leases', wanted: Wanted<'leases'>, limit: number): Promise<Claim[]>;
  async take(table: 'deliveries', wanted: Wanted<'deliveries'>, limit: number): Promise<Claim[]>;
  async take(table: 'shared_work', wanted: Wanted<'shared_work'>, limit: number): Promise<Claim[]>;
  async take(table: Claimable, wanted: Wanted<never>, limit: number): Promise<Claim[]> {
    const matches = wanted as unknown as Wanted<'shared_work'>; // the columns that `wanted` names are those of its table
    return this.#write(async (db) => {
      const name = table as 'shared_work';
      const free = await db
        .selectFrom(name)
        .select('id')
        .where(matches)
        .where(sql<SqlBool>`(claimed_until IS NULL OR claimed_until <= clock_timestamp())`)
        .limit(limit)
        .forUpdate()
        .skipLocked()
        .execute();
      if (free.length === 0) return [];
      const rows = await db
        .updateTable(name)
        .set({ claimed_by: this.#claimant, claimed_until: this.#until(), fence: sql`fence + 1` })
        .where(
          'id',
          'in',
          free.map(({ id }) => id),
        )
        .returning(['id', 'fence'])
        .execute();
      return rows.map(({ id, fence }) => ({ table, id, fence }));
    }, 'read committed');
  }

  /** Adds work that is not a row of another table. Idempotent. */
  async add(id: string): Promise<void> {
    await this.#write((db) =>
      db
        .insertInto('shared_work')
        .values({ id })
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }

  /** Extends a claim. Throws `claim-lost`. */
  async renew(claim: Claim): Promise<void> {
    await this.write(claim, () => Promise.resolve());
  }

  /** Ends a claim, so that others can claim the row at once. Does nothing if the claim is lost. */
  async release({ table, id, fence }: Claim): Promise<void> {
    await this.#write((db) =>
      db
        .updateTable(table as 'shared_work')
        .set({ claimed_by: null, claimed_until: null })
        .where('id', '=', id)
        .where('fence', '=', fence)
        .execute(),
    );
  }

  /**
   * Runs `work` in a transaction that fails with `claim-lost` unless the claim is still this process's. The row stays locked
   * until the commit, so that nobody can claim it in between, and the claim is extended.
   */
  async write<T>({ table, id, fence }: Claim, work: Work<T>): Promise<T> {
    return this.#write(async (db) => {
      const held = await db
        .updateTable(table as 'shared_work')
        .set({ claimed_until: this.#until() })
        .where('id', '=', id)
        .where('fence', '=', fence)
        .where('claimed_by', 'is not', null)
        .returning('id')
        .executeTakeFirst();
      if (held === undefined)
        throw new EscrowError(
          'claim-lost',
          `Cannot update ${table} ${id}: another process has claimed it in the meantime.`,
        );
      return work(db);
    });
  }

  #until() {
    return sql<string>`clock_timestamp() + make_interval(secs => ${this.#seconds})`;
  }
}
