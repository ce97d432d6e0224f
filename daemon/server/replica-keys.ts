import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { asEscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Keys } from '../vault/keys/keys.ts';

const PREFIX = 'replica:';
const ANNOUNCE_MS = 20_000;
/** A replica that has announced nothing for this time has ended, or cannot use the ledger. */
const SILENT_MS = 90_000;

/** What a replica announces. */
interface Announcement {
  /** By the clock of the ledger, in milliseconds. */
  readonly at: number;
  /** Ids of the keys that it can use. */
  readonly keys: readonly string[];
}

/** Announces in the ledger which keys this replica can use, so that a rekey uses a new key only when all replicas know it. */
export class ReplicaKeys {
  readonly #ledger: Ledger;
  readonly #keys: Keys;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #row = `${PREFIX}${randomUUID()}`;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(ledger: Ledger, keys: Keys, log: Pick<Logger, 'warn'>) {
    this.#ledger = ledger;
    this.#keys = keys;
    this.#log = log;
  }

  /** Announces the keys now, then at intervals. */
  async start(): Promise<void> {
    await this.announce();
    this.#timer = setInterval(() => void this.announce(), ANNOUNCE_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
    await this.#attempt(async () => {
      await this.#ledger.write((db) => db.deleteFrom('meta').where('key', '=', this.#row).execute());
    });
  }

  /** Never rejects: the next announcement follows soon. */
  announce(): Promise<void> {
    this.#round = this.#round.then(() => this.#attempt(() => this.#write()));
    return this.#round;
  }

  async #write(): Promise<void> {
    const keys = await this.#keys.usable();
    const announcement: Announcement = { at: this.#ledger.clock.now(), keys };
    const value = JSON.stringify(announcement);
    await this.#ledger.write((db) =>
      db
        .insertInto('meta')
        .values({ key: this.#row, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute(),
    );
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { code, message } = asEscrowError(error);
      this.#log.warn({ code, reason: message }, 'cannot announce the keys of this replica; retrying');
    }
  }
}

/** Returns how many running replicas there are, and how many of them cannot use a key. Deletes announcements of ended replicas. */
export async function countReplicas(
  ledger: Ledger,
  key: string,
): Promise<{ readonly running: number; readonly without: number }> {
  return ledger.write(async (db) => {
    const rows = await db.selectFrom('meta').selectAll().where('key', 'like', `${PREFIX}%`).execute();
    const running: Announcement[] = [];
    for (const row of rows) {
      const announcement = JSON.parse(row.value) as Announcement;
      if (ledger.clock.now() - announcement.at <= SILENT_MS) running.push(announcement);
      else await db.deleteFrom('meta').where('key', '=', row.key).execute();
    }
    return { running: running.length, without: running.filter(({ keys }) => !keys.includes(key)).length };
  });
}
