// What the fake AWS has seen of a campaign, and what it does to requests.
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../team/canary.ts';
import type { AwsObserver, Call, Fate } from '../../support/aws/strict-aws.ts';
import type { Cluster } from './cluster.ts';

/** A change of a secret that was carried out, or a request for it. */
interface Change {
  readonly name: string;
  /** When the request arrived. */
  readonly at: number;
}

/** A creation. A repeated request with the same token and the same value creates nothing. */
interface Creation extends Change {
  /** Identifies the token and the value. */
  readonly content: string;
}

interface LedgerRow {
  readonly delivery: string;
  readonly lease: string;
  readonly sent_at: string | null;
  readonly events: string;
}

/** Longer than the database needs for a restart, much shorter than replicas wait for late requests. */
const LOOK_MS = 2000;
const CHANGES = /^secretsmanager:(?:Create|Delete)Secret$/;

/** What the ledger has of a secret that AWS is asked to create. */
const LOOK = `SELECT d.state AS delivery, l.state AS lease, l.sent_at,
    (SELECT count(*) FROM nf_escrow.journal j WHERE j.type = 'secret.released'
      AND j.data::json ->> 'release' = d.id AND j.data::json ->> 'repeated' = 'false') AS events
  FROM nf_escrow.releases r JOIN nf_escrow.deliveries d ON d.id = r.id
    JOIN nf_escrow.delivery_leases l ON l.delivery_id = d.id
  WHERE r.run_id = $1 AND l.target LIKE '%:secret:' || $2::text`;

/** Compares each request for a secret with the ledger before AWS carries it out, and records what is carried out. */
export class AwsRecord implements AwsObserver {
  readonly created: Creation[] = [];
  readonly deleted: Change[] = [];
  /** Requests to create a secret that the ledger did not announce, or whose delivery had been removed. */
  readonly unannounced: string[] = [];
  /** Requests to create a secret without exactly one audit event. */
  readonly unaudited: string[] = [];
  readonly counts: Record<string, number> = {
    ...{ 'creations answered': 0, 'deletions answered': 0, 'replies lost': 0, 'carried out late': 0 },
    ...{ throttled: 0, 'expired credentials': 0, 'expired signatures': 0 },
    'created while the database could not be compared': 0,
  };
  readonly #cluster: Cluster;
  readonly #fates: Exclude<Fate, undefined>[] = [];
  readonly #listeners = new Set<(call: Call) => void>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Decides on the next creations and deletions. */
  decide(fates: readonly Exclude<Fate, undefined>[]): void {
    this.#fates.push(...fates);
  }

  /** Waits until AWS has rejected expired credentials. Gives up after a time. */
  async awaitExpired(forMs: number): Promise<void> {
    const before = this.counts['expired credentials'];
    const end = performance.now() + forMs;
    while (performance.now() < end && this.counts['expired credentials'] === before) await sleep(20);
  }

  /** Waits for a request of a replica, which its access key names. Gives up after a time. */
  async awaitCall(action: string, keys: string, forMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const listener = (call: Call): void => {
        if (call.action.endsWith(action) && call.accessKey.startsWith(keys)) finish();
      };
      const timer = setTimeout(() => {
        finish();
      }, forMs);
      const finish = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  async arrived(call: Call): Promise<Fate> {
    for (const listener of this.#listeners) listener(call);
    if (!CHANGES.test(call.action)) return undefined;
    if (call.action.endsWith('CreateSecret')) await this.#compare(nameIn(call));
    const fate = this.#fates.shift();
    if (fate === 'lost') this.#count('replies lost');
    else if (fate !== undefined) this.#count('carried out late');
    return fate;
  }

  carriedOut(call: Call, status: number): void {
    if (status !== 200 || !CHANGES.test(call.action)) return;
    const change = { name: nameIn(call), at: call.at };
    if (call.action.endsWith('CreateSecret')) {
      const { ClientRequestToken, SecretString } = JSON.parse(call.body) as Record<string, string>;
      this.#count('creations answered');
      this.created.push({
        ...change,
        content: sha256(`${String(ClientRequestToken)} ${String(SecretString)}`),
      });
    } else {
      this.#count('deletions answered');
      this.deleted.push(change);
    }
  }

  refused(_call: Call, code: string): void {
    if (code === 'ThrottlingException') this.#count('throttled');
    if (code === 'ExpiredTokenException') this.#count('expired credentials');
    if (code === 'InvalidSignatureException') this.#count('expired signatures');
  }

  async #compare(name: string): Promise<void> {
    const rows = await this.#cluster.query<LedgerRow>(LOOK, [runIn(name), name], LOOK_MS);
    if (rows === undefined) {
      this.#count('created while the database could not be compared');
      return;
    }
    const [row] = rows;
    const isAnnounced = row !== undefined && row.sent_at !== null;
    if (!isAnnounced) this.unannounced.push(`${name}: the ledger has no send time`);
    else if (row.delivery === 'removed' || row.lease === 'gone')
      this.unannounced.push(`${name}: the delivery is ${row.delivery}, its lease ${row.lease}`);
    if (Number(row?.events ?? 0) !== 1) this.unaudited.push(`${name}: ${row?.events ?? 'no'} events`);
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

/** Returns the run in the name of a secret. */
export function runIn(name: string): string {
  return name.split('/')[2] ?? '';
}

function nameIn({ body }: Call): string {
  const { Name, SecretId = '' } = JSON.parse(body) as { Name?: string; SecretId?: string };
  return Name ?? SecretId;
}
