import { monotonic, type RunDependencies } from '../dependencies.ts';

/** Time after a request for a run in which the progress of all runs is read as often as possible. */
const OBSERVED_MS = 60_000;

/** What a watch needs to know of all watches. */
export interface Load {
  /** Number of watched runs. */
  readonly watching: number;
  /** Whether somebody requested a run in the last minute. */
  readonly isObserved: boolean;
  /** Does the work when it is this watch's turn. */
  readonly takeTurn: (work: () => void) => void;
}

/** What the watches of all runs share: how many there are, whether anybody looks at them, and whose turn it is. */
export class WatchLoad implements Load {
  readonly #deps: Pick<RunDependencies, 'monotonic'>;
  readonly #watching: () => number;
  readonly #waiting: (() => void)[] = [];
  #observedAt = -Infinity;

  /** `watching` returns the number of watched runs. */
  constructor(deps: Pick<RunDependencies, 'monotonic'>, watching: () => number) {
    this.#deps = deps;
    this.#watching = watching;
  }

  get watching(): number {
    return this.#watching();
  }

  get isObserved(): boolean {
    return monotonic(this.#deps) - this.#observedAt < OBSERVED_MS;
  }

  /**
   * Does the work after what other watches want to do, one at a time. Between two, the daemon answers requests: the watches of many
   * runs become due at the same time.
   */
  takeTurn(work: () => void): void {
    if (this.#waiting.push(work) === 1) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const work = this.#waiting[0];
    try {
      work?.();
    } finally {
      this.#waiting.shift();
      if (this.#waiting.length > 0) setImmediate(this.#next);
    }
  };

  /** Notes that somebody requests a run. */
  noteRequest(): void {
    this.#observedAt = monotonic(this.#deps);
  }
}
