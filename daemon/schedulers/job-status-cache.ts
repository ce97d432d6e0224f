import type { Executor } from '../contract/types.ts';
import { isJobId } from './job-id.ts';
import type { JobStatus, Scheduler } from './scheduler.ts';

/** What a scheduler says of one job. `forgotten`: it answers, and does not remember it. */
export type CachedJobStatus =
  | Omit<JobStatus, 'id'>
  | { readonly phase: 'forgotten'; readonly end: null; readonly state: 'FORGOTTEN'; readonly restarts: null };

/** A scheduler serves many users: whatever there is to know is asked for in one call, and no more often than this. */
const ASK_EVERY_MS = 15_000;
/** Nobody has asked for a job for so long: it is left out of the next call. */
const WANTED_MS = 60_000;
/** An answer that is older tells nothing any more. */
const FRESH_MS = 60_000;
/** So many answers in a row without a job, until it counts as forgotten: one may have been given by half. */
const FORGOTTEN_AFTER = 2;
const FORGOTTEN: CachedJobStatus = { phase: 'forgotten', end: null, state: 'FORGOTTEN', restarts: null };

/** What a name was last found to stand for: an id, or null where the scheduler has no job of it. */
interface Named {
  wantedAt: number;
  askedAt: number;
  id: string | null | undefined;
}

interface Entry {
  wantedAt: number;
  missing: number;
  word: CachedJobStatus | undefined;
}

/** What all runs together know of the jobs of one scheduler. */
class SchedulerCache {
  readonly #scheduler: Scheduler;
  readonly #clock: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #names = new Map<string, Named>();
  /** Names and ids take turns: each is a call of its own. */
  #namesTurn = true;
  #askedAt = -Infinity;
  #answeredAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(scheduler: Scheduler, clock: () => number) {
    this.#scheduler = scheduler;
    this.#clock = clock;
  }

  status(id: string): CachedJobStatus | undefined {
    const now = this.#clock();
    const entry = this.#entries.get(id) ?? { wantedAt: now, missing: 0, word: undefined };
    entry.wantedAt = now;
    this.#entries.set(id, entry);
    this.#askIfDue(now);
    return now - this.#answeredAt < FRESH_MS ? entry.word : undefined;
  }

  findByName(name: string): string | null | undefined {
    const now = this.#clock();
    const named = this.#names.get(name) ?? { wantedAt: now, askedAt: -Infinity, id: undefined };
    named.wantedAt = now;
    this.#names.set(name, named);
    this.#askIfDue(now);
    return now - named.askedAt < FRESH_MS ? named.id : undefined;
  }

  #askIfDue(now: number): void {
    if (this.#asking === undefined && now - this.#askedAt >= ASK_EVERY_MS) this.#asking = this.#ask(now);
  }

  /** Resolves when no answer is waited for. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  async #ask(now: number): Promise<void> {
    this.#askedAt = now;
    for (const wanted of [this.#entries, this.#names])
      for (const [key, { wantedAt }] of wanted) if (now - wantedAt > WANTED_MS) wanted.delete(key);
    try {
      await Promise.resolve(); // whoever asks at the same moment is served by the same call
      const ids = [...this.#entries.keys()];
      const [oldest] = [...this.#names].sort(([, one], [, other]) => one.askedAt - other.askedAt);
      this.#namesTurn = oldest !== undefined && (ids.length === 0 || !this.#namesTurn);
      if (oldest !== undefined && this.#namesTurn) {
        await this.#find(...oldest);
        return;
      }
      const jobs = await this.#scheduler.jobs(ids);
      this.#answeredAt = this.#clock();
      for (const id of ids) this.#note(id, jobs.get(id));
    } catch {
      return; // nothing is known then: what was known grows old, and the next call asks again
    } finally {
      this.#asking = undefined;
    }
  }

  async #find(name: string, named: Named): Promise<void> {
    const id = (await this.#scheduler.find(name)).at(-1) ?? null;
    named.askedAt = this.#clock();
    named.id = id;
  }

  #note(id: string, job: JobStatus | undefined): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.missing = job === undefined ? entry.missing + 1 : 0;
    if (job !== undefined) {
      const { phase, end, state, restarts } = job;
      entry.word = { phase, end, state, restarts };
    } else if (entry.missing >= FORGOTTEN_AFTER) entry.word = FORGOTTEN;
  }
}

/** Keeps what schedulers last said, so that many runs cost them no more than one. */
export class JobStatusCache {
  readonly #make: (executor: Executor) => Scheduler;
  readonly #clock: () => number;
  readonly #schedulers = new Map<Executor, Scheduler>();
  readonly #pages = new Map<Executor, SchedulerCache>();

  /** `clock`: milliseconds, by a clock that nobody sets. */
  constructor(make: (executor: Executor) => Scheduler, clock = (): number => performance.now()) {
    this.#make = make;
    this.#clock = clock;
  }

  /** To act on: submit, cancel, find. */
  scheduler(executor: Executor): Scheduler {
    let found = this.#schedulers.get(executor);
    if (found === undefined) this.#schedulers.set(executor, (found = this.#make(executor)));
    return found;
  }

  /**
   * What is known of a job; undefined: nothing yet, or nothing any more. Never waits: who looks again soon learns more.
   * Of what is no job id of that scheduler nothing is ever known, and the others that are asked for lose no answer by it.
   */
  status(executor: Executor, id: string): CachedJobStatus | undefined {
    if (!isJobId(executor, id)) return undefined;
    return this.#page(executor).status(id);
  }

  /** The newest job of a name; null: the scheduler has none, undefined: as with `word`. */
  findByName(executor: Executor, name: string): string | null | undefined {
    return this.#page(executor).findByName(name);
  }

  /** Resolves when no answer is waited for: what is known then is as new as it may be. */
  async settled(): Promise<void> {
    await Promise.all([...this.#pages.values()].map((page) => page.settled()));
  }

  #page(executor: Executor): SchedulerCache {
    let page = this.#pages.get(executor);
    if (page === undefined)
      this.#pages.set(executor, (page = new SchedulerCache(this.scheduler(executor), this.#clock)));
    return page;
  }
}
