import type { Clock } from '../system/time/clock.ts';

/**
 * How long an unanswered request may still be carried out: signatures are valid for about five minutes, and clocks
 * differ.
 */
export const UNANSWERED_MS = 15 * 60_000;

/** The object that a create request makes, and when the last unanswered request was sent; null if all were answered. */
interface Request {
  readonly target: string;
  readonly sentAt: string | null;
}

/**
 * Computes until when an unanswered request may still be carried out. The send time is wall-clock time, which can be
 * set at any moment. From the first check on, the wait is measured with the monotonic clock, so that setting the
 * clock never ends it early.
 */
export class UnansweredRequests {
  readonly #clock: Clock;
  readonly #lateMs: number;
  readonly #first = new Map<string, { readonly clock: number; readonly elapsed: number }>();

  constructor(clock: Clock, lateMs = UNANSWERED_MS) {
    this.#clock = clock;
    this.#lateMs = lateMs;
  }

  /** Records a check of the target. From the first check on, the monotonic clock measures the wait. */
  note(request: Request): { readonly clock: number; readonly elapsed: number } {
    const first = this.#first.get(keyOf(request)) ?? {
      clock: this.#clock.now(),
      elapsed: this.#clock.monotonic(),
    };
    this.#first.set(keyOf(request), first);
    return first;
  }

  /** Returns the end of the wait on the monotonic clock; -Infinity if every request was answered. */
  until(request: Request): number {
    if (request.sentAt === null) return -Infinity;
    const first = this.note(request);
    // The clock may have been set back since the request was sent: then nothing of the wait has elapsed.
    return first.elapsed + this.#lateMs - Math.max(0, first.clock - Date.parse(request.sentAt));
  }

  /** Returns the reason to wait, for messages; undefined if the request can no longer be carried out. */
  waiting(request: Request): string | undefined {
    const left = this.until(request) - this.#clock.monotonic();
    if (left <= 0) return undefined;
    const time = new Date(this.#clock.now() + left).toISOString();
    return `AWS has not answered a create request, which may still be carried out; nf-escrow checks until ${time}`;
  }

  /** Forgets a request whose target is known to be absent. */
  forget(request: Request): void {
    this.#first.delete(keyOf(request));
  }
}

/** The send time is part of the key because several runs can have the same job definition. */
function keyOf({ target, sentAt }: Request): string {
  return `${String(sentAt)} ${target}`;
}
