import type { Clock } from '../../system/time/clock.ts';

/** What this process has seen of one object. */
export interface Observation {
  /** It existed, so that a deletion had something to delete. */
  readonly present: boolean;
  /** Since when it was not found, on the monotonic clock; undefined while it is found, or before it was looked for. */
  readonly absentSince: number | undefined;
}

/** Remembers what was seen of objects whose absence takes more than one request to establish. */
export class Observations {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #byKey = new Map<string, Observation>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  of(key: string): Observation {
    return this.#byKey.get(key) ?? { present: false, absentSince: undefined };
  }

  record(key: string, isFound: boolean): void {
    const { present, absentSince } = this.of(key);
    this.#byKey.set(key, {
      present: present || isFound,
      absentSince: isFound ? undefined : (absentSince ?? this.#clock.monotonic()),
    });
  }

  /** Called once the object is known to be absent. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
