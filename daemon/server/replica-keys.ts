import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { asEscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { writeMeta } from '../ledger/meta.ts';
import type { Keys } from '../vault/keys/keys.ts';

const PREFIX = 'replica:';
const ANNOUNCE_MS = 20_000;
/** A replica that has announced nothing for this time has ended, or cannot use the ledger. */
const SILENT_MS = 90_000;

/** What a replica announces. Those of earlier versions have only the first two. */
export interface Announcement {
  /** By the clock of the ledger, in milliseconds. */
  readonly at: number;
  /** Ids of the keys that it can use. */
  readonly keys: readonly string[];
  readonly host?: string;
  readonly version?: string;
  /** By the clock of the ledger, in milliseconds. */
  readonly startedAt?: number;
}

/** Announces in the ledger that this replica runs, and which keys it can use, so that a rekey uses a new key only when all replicas know it. */
export class ReplicaKeys {
  readonly #ledger: Ledger;
  readonly #keys: Keys;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #row = `${PREFIX}${randomUUID()}`;
  readonly #version: string;
  readonly #startedAt: number;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(ledger: Ledger, keys: Keys, log: Pick<Logger, 'warn'>, version: string) {
    this.#ledger = ledger;
    this.#keys = keys;
    this.#log = log;
    this.#version = version;
    this.#startedAt = ledger.clock.now();
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
    const announcement: Announcement = {
      ...{ at: this.#ledger.clock.now(), keys, host: hostname() },
      ...{ version: this.#version, startedAt: this.#startedAt },
    };
    const value = JSON.stringify(announcement);
    await this.#ledger.write((db) => writeMeta(db, this.#row, value));
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

/** Returns the announcements of running replicas, the oldest replica first. */
export async function listReplicas({ db, clock }: Pick<Ledger, 'db' | 'clock'>): Promise<Announcement[]> {
  const rows = await db.selectFrom('meta').select('value').where('key', 'like', `${PREFIX}%`).execute();
  return rows
    .map(({ value }) => JSON.parse(value) as Announcement)
    .filter(({ at }) => clock.now() - at <= SILENT_MS)
    .sort((one, other) => (one.startedAt ?? 0) - (other.startedAt ?? 0));
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
