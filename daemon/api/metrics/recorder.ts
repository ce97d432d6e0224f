import type { RequestHandler } from 'express';
import type { Ledger } from '../../ledger/ledger.ts';
import { onMeasurement } from '../../system/telemetry.ts';
import { operationOf } from '../routing/mount.ts';
import type { Metrics } from './metrics.ts';

/**
 * Passes measurements on to the metrics. Loads the metrics at the first measurement, which is after the first response,
 * because loading prom-client would delay the start of the daemon.
 */
export class MetricsRecorder {
  readonly #load: () => Promise<Metrics>;
  #metrics: Promise<Metrics> | undefined;
  #stops: (() => void)[] = [];

  /** `listeners`: returns the number of open event streams. */
  constructor(ledger: Ledger, version: string, listeners: () => number) {
    this.#load = async () => {
      const { Metrics } = await import('./metrics.ts');
      return new Metrics(ledger, version, listeners);
    };
  }

  /** Starts to record the measurements of this process. */
  start(): void {
    this.#stops = [
      onMeasurement('delivery', ({ seconds, ...labels }) => {
        this.#record(({ delivery }) => {
          delivery.observe(labels, seconds);
        });
      }),
      onMeasurement('purge', ({ seconds }) => {
        this.#record(({ purge }) => {
          purge.observe(seconds);
        });
      }),
      onMeasurement('awsRequest', (labels) => {
        this.#record(({ awsRequests }) => {
          awsRequests.inc(labels);
        });
      }),
      onMeasurement('webhook', (labels) => {
        this.#record(({ webhooks }) => {
          webhooks.inc(labels);
        });
      }),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** Returns the metrics, and loads them if necessary. */
  async metrics(): Promise<Metrics> {
    return (this.#metrics ??= this.#load());
  }

  /** Counts requests by route and status. A request that no operation handles has the route `none`. */
  get requests(): RequestHandler {
    return (request, response, next) => {
      response.on('close', () => {
        const one = operationOf(request);
        const route = one === undefined ? 'none' : `${one.method.toUpperCase()} ${one.path}`;
        this.#record(({ apiRequests }) => {
          apiRequests.inc({ route, status: String(response.statusCode) });
        });
      });
      next();
    };
  }

  #record(change: (metrics: Metrics) => void): void {
    // A failure to load is reported by the request for the metrics.
    this.metrics().then(change, () => undefined);
  }
}
