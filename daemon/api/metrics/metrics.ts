import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Ledger } from '../../ledger/ledger.ts';
import { countPending } from '../../webhooks/queue.ts';
import { countLeases, countRuns } from './ledger-metrics.ts';
import { findPendingRemovals } from '../../runs/records/queries.ts';

const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];

/** Metrics in the format of Prometheus. The values of labels come from closed lists, so that their number is bounded. */
export class Metrics {
  readonly #registry = new Registry();
  #hasProcessMetrics = false;
  readonly delivery: Histogram<'platform' | 'result'>;
  readonly purge: Histogram;
  readonly awsRequests: Counter<'operation' | 'result'>;
  readonly apiRequests: Counter<'route' | 'status'>;
  readonly webhooks: Counter<'result'>;

  constructor(ledger: Ledger, version: string, listeners: () => number, now: () => number = Date.now) {
    const registers = [this.#registry];
    this.delivery = new Histogram({
      name: 'nf_escrow_delivery_duration_seconds',
      help: 'Time to deliver the secrets of a run.',
      labelNames: ['platform', 'result'],
      buckets: SECONDS,
      registers,
    });
    this.purge = new Histogram({
      name: 'nf_escrow_purge_duration_seconds',
      help: 'Time from the end of a run until everything delivered for it is removed.',
      buckets: SECONDS,
      registers,
    });
    this.awsRequests = new Counter({
      name: 'nf_escrow_aws_requests_total',
      help: 'Requests to AWS, by operation and result.',
      labelNames: ['operation', 'result'],
      registers,
    });
    this.apiRequests = new Counter({
      name: 'nf_escrow_api_requests_total',
      help: 'Requests to the API, by route and status.',
      labelNames: ['route', 'status'],
      registers,
    });
    new Gauge({
      name: 'nf_escrow_event_listeners',
      help: 'Open event streams.',
      registers,
      collect() {
        this.set(listeners());
      },
    });
    this.webhooks = new Counter({
      name: 'nf_escrow_webhook_deliveries_total',
      help: 'Attempts to deliver webhooks, by result.',
      labelNames: ['result'],
      registers,
    });
    new Gauge({
      name: 'nf_escrow_build_info',
      help: 'Version of nf-escrow. Always 1.',
      labelNames: ['version'],
      registers,
    }).set({ version }, 1);
    this.#addLedgerMetrics(ledger, now);
  }

  /** Values that are read from the ledger at each scrape. */
  #addLedgerMetrics({ db }: Ledger, now: () => number): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'nf_escrow_runs',
      help: 'Recorded runs, by state and outcome.',
      labelNames: ['state', 'outcome'],
      registers,
      async collect() {
        const counts = await countRuns(db);
        this.reset();
        for (const { labels, count } of counts) this.set(labels, count);
      },
    });
    new Gauge({
      name: 'nf_escrow_leases',
      help: 'Delivered objects, by store and state.',
      labelNames: ['store', 'state'],
      registers,
      async collect() {
        const counts = await countLeases(db);
        this.reset();
        for (const { labels, count } of counts) this.set(labels, count);
      },
    });
    new Gauge({
      name: 'nf_escrow_webhooks_pending',
      help: 'Webhooks that are not delivered yet.',
      registers,
      async collect() {
        this.set(await countPending(db));
      },
    });
    const pending = new Gauge({
      name: 'nf_escrow_pending_removals',
      help: 'Delivered objects that are not removed although their run has ended.',
      registers,
    });
    new Gauge({
      name: 'nf_escrow_oldest_pending_removal_seconds',
      help: 'Time since the end of the first run with pending removals. 0 if there is none.',
      registers,
      async collect() {
        const { count, since } = await findPendingRemovals(db);
        pending.set(count);
        this.set(since === null ? 0 : Math.max(0, (now() - Date.parse(since)) / 1000));
      },
    });
  }

  /** Returns the text of a scrape. Throws `ledger-unavailable`. */
  async text(): Promise<string> {
    // They include a timer of the event loop, which would wake up a daemon that nobody observes a hundred times a second.
    if (!this.#hasProcessMetrics) collectDefaultMetrics({ register: this.#registry });
    this.#hasProcessMetrics = true;
    return this.#registry.metrics();
  }
}
