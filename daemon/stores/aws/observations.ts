import type { Clock } from '../../system/time/clock.ts';

/** Observations of one object by this process. */
export interface Observation {
  /** Whether the object was found, so that a deletion had something to delete. */
  readonly present: boolean;
  /**
   * Since when the object has not been found, on the monotonic clock; undefined while it is found or before a check.
   */
  readonly absentSince: number | undefined;
}

/** Remembers observations of objects whose absence takes more than one request to establish. */
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
