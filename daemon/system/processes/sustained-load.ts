import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** Interval between samples, in milliseconds. */
const SAMPLE_MS = 1000;
/** Share of the time in which the event loop is busy. Clients that share the processors with it may keep it from reaching a half. */
const BUSY = 0.25;
/** A start, or one large request, keeps the event loop busy for less time. */
const BUSY_SAMPLES = 3;

/** What a SustainedLoad measures, and how often. Tests replace it. */
interface Sampling {
  /** Returns the utilization since an earlier measurement, or since the start of the process. */
  readonly measure: (since?: EventLoopUtilization) => EventLoopUtilization;
  readonly sampleMs: number;
}

const eventLoop: Sampling = {
  // The difference between two measurements, from 0 to 1.
  measure: (since) => performance.eventLoopUtilization(since),
  sampleMs: SAMPLE_MS,
};

/** Calls a function once, when the event loop of this process is busy for three seconds. */
export class SustainedLoad {
  readonly #onLoad: () => void;
  readonly #sampling: Sampling;
  #timer: NodeJS.Timeout | undefined;

  constructor(onLoad: () => void, sampling = eventLoop) {
    this.#onLoad = onLoad;
    this.#sampling = sampling;
  }

  /** Starts sampling. The timer does not keep the process alive. */
  start(): void {
    const { measure, sampleMs } = this.#sampling;
    let since = measure();
    let busy = 0;
    this.#timer = setInterval(() => {
      busy = measure(since).utilization > BUSY ? busy + 1 : 0;
      since = measure();
      if (busy < BUSY_SAMPLES) return;
      this.stop();
      this.#onLoad();
    }, sampleMs).unref();
  }

  /** Stops sampling. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
