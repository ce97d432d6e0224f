// What the proxy sees of releases and of reports on them, for the comparison with the database at the end.
import type { Pool } from 'pg';
import type { Release, ReleaseReport } from '../../../daemon/contract/types.ts';
import type { Exchange, Observer } from './dropping-proxy.ts';

const RELEASE = 'POST /v1/releases';
const REPORT = /^PUT \/v1\/releases\/([^/]+)\/state$/;

/** Records exchanges. Values leave a replica with its response, so that the audit event must be committed before. */
export class Observations implements Observer {
  /** Number of responses with values, by release. */
  readonly releases = new Map<string, number>();
  /** The newest report that was accepted, by release. */
  readonly reports = new Map<string, ReleaseReport>();
  /** Releases whose values left a replica before their audit event was committed. */
  readonly unaudited: string[] = [];
  readonly #database: Pool;

  constructor(database: Pool) {
    this.#database = database;
  }

  /** Returns the newest position of the journal: an event of this request has a later one. */
  async before(method: string, path: string): Promise<unknown> {
    if (`${method} ${path}` !== RELEASE) return undefined;
    const { rows } = await this.#database.query<{ seq: number | null }>(
      'SELECT max(seq) AS seq FROM nf_escrow.journal',
    );
    return rows[0]?.seq ?? 0;
  }

  async after({ method, path, body, status, text }: Exchange, before: unknown): Promise<void> {
    if (status >= 300) return;
    const [, reported] = REPORT.exec(`${method} ${path}`) ?? [];
    if (reported !== undefined) this.#noteReport(reported, JSON.parse(body) as ReleaseReport);
    if (`${method} ${path}` !== RELEASE) return;
    const { id } = JSON.parse(text) as Release;
    this.releases.set(id, (this.releases.get(id) ?? 0) + 1);
    const { rowCount } = await this.#database.query(
      `SELECT 1 FROM nf_escrow.journal WHERE seq > $1 AND type = 'secret.released' AND data::json ->> 'release' = $2`,
      [before, id],
    );
    // More than one: a replica that was paused has carried out an earlier request of the same release meanwhile.
    if (rowCount === 0) this.unaudited.push(id);
  }

  #noteReport(release: string, report: ReleaseReport): void {
    const known = this.reports.get(release);
    if (known === undefined || isNewer(report, known)) this.reports.set(release, report);
  }
}

function isNewer(one: ReleaseReport, other: ReleaseReport): boolean {
  return one.epoch === other.epoch ? one.sequence > other.sequence : one.epoch > other.epoch;
}
