import type { Clock } from '../system/time/clock.ts';

/** So long a request that was not answered may still arrive: signatures live about five minutes, and clocks differ. */
export const UNANSWERED_MS = 15 * 60_000;

/** A request to make something: when it was sent, where it was not answered; null once all were. */
interface Request {
  readonly target: string;
  readonly sentAt: string | null;
}

/**
 * Until when a request that was sent and not answered may still arrive. When it was sent is told by the shared clock,
 * which somebody may set at any moment; so that this makes no wait seem over, it is counted from the first look on by the
 * clock that nobody sets.
 */
export class UnansweredRequests {
  readonly #clock: Clock;
  readonly #lateMs: number;
  readonly #first = new Map<string, { readonly clock: number; readonly elapsed: number }>();

  constructor(clock: Clock, lateMs = UNANSWERED_MS) {
    this.#clock = clock;
    this.#lateMs = lateMs;
  }

  /** Its target is looked at: from now on, at the latest, its wait is counted. */
  note(request: Request): { readonly clock: number; readonly elapsed: number } {
    const first = this.#first.get(keyOf(request)) ?? {
      clock: this.#clock.now(),
      elapsed: this.#clock.monotonic(),
    };
    this.#first.set(keyOf(request), first);
    return first;
  }

  /** As `elapsed` counts; -Infinity where everything that was sent was answered. */
  until(request: Request): number {
    if (request.sentAt === null) return -Infinity;
    const first = this.note(request);
    // Not less than nothing: the clock may have been set back since.
    return first.elapsed + this.#lateMs - Math.max(0, first.clock - Date.parse(request.sentAt));
  }

  /** What is to be said while it may still arrive; undefined when it can no more. */
  waiting(request: Request): string | undefined {
    const left = this.until(request) - this.#clock.monotonic();
    if (left <= 0) return undefined;
    const time = new Date(this.#clock.now() + left).toISOString();
    return `a request to make it was not answered and may still arrive; it is looked for until ${time}`;
  }

  /** Once its target is gone for good. */
  forget(request: Request): void {
    this.#first.delete(keyOf(request));
  }
}

/** Several runs may have the same target, at other times: a job definition. */
function keyOf({ target, sentAt }: Request): string {
  return `${String(sentAt)} ${target}`;
}
