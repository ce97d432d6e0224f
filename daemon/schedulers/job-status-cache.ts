import type { Executor } from '../contract/types.ts';
import { isJobId } from './job-id.ts';
import type { JobStatus, Scheduler } from './scheduler.ts';

/** Status of one job. `forgotten`: the scheduler answers but no longer remembers the job. */
export type CachedJobStatus =
  | Omit<JobStatus, 'id'>
  | { readonly phase: 'forgotten'; readonly end: null; readonly state: 'FORGOTTEN'; readonly restarts: null };

/** Minimum interval of queries. A scheduler serves many users, so all jobs are queried in one call. */
const ASK_EVERY_MS = 15_000;
/** After this time without a request for its status, a job is no longer queried. */
const WANTED_MS = 60_000;
/** An older answer is discarded. */
const FRESH_MS = 60_000;
/** Number of consecutive answers without a job until it counts as forgotten. A single answer may be incomplete. */
const FORGOTTEN_AFTER = 2;
const FORGOTTEN: CachedJobStatus = { phase: 'forgotten', end: null, state: 'FORGOTTEN', restarts: null };

/** Result of the last search for a job name: an id, or null if the scheduler has no such job. */
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

/** Caches the jobs of one scheduler for all runs. */
class SchedulerCache {
  readonly #scheduler: Scheduler;
  readonly #clock: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #names = new Map<string, Named>();
  /** Queries for names and ids alternate, because each is a separate call. */
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

  forget(id: string): void {
    this.#entries.delete(id);
  }

  #askIfDue(now: number): void {
    if (this.#asking === undefined && now - this.#askedAt >= ASK_EVERY_MS) this.#asking = this.#ask(now);
  }

  /** Resolves when no query is pending. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  async #ask(now: number): Promise<void> {
    this.#askedAt = now;
    for (const wanted of [this.#entries, this.#names])
      for (const [key, { wantedAt }] of wanted) if (now - wantedAt > WANTED_MS) wanted.delete(key);
    try {
      await Promise.resolve(); // concurrent requests share the query
      const entries = new Map(this.#entries); // an entry that is removed during the query must not get this answer
      const ids = [...entries.keys()];
      const [oldest] = [...this.#names].sort(([, one], [, other]) => one.askedAt - other.askedAt);
      this.#namesTurn = oldest !== undefined && (ids.length === 0 || !this.#namesTurn);
      if (oldest !== undefined && this.#namesTurn) {
        await this.#find(...oldest);
        return;
      }
      const jobs = await this.#scheduler.jobs(ids);
      this.#answeredAt = this.#clock();
      for (const [id, entry] of entries) note(entry, jobs.get(id));
    } catch {
      return; // the cached answers expire, and the next call retries
    } finally {
      this.#asking = undefined;
    }
  }

  async #find(name: string, named: Named): Promise<void> {
    const id = (await this.#scheduler.find(name)).at(-1) ?? null;
    named.askedAt = this.#clock();
    named.id = id;
  }
}

function note(entry: Entry, job: JobStatus | undefined): void {
  entry.missing = job === undefined ? entry.missing + 1 : 0;
  if (job !== undefined) {
    const { phase, end, state, restarts } = job;
    entry.word = { phase, end, state, restarts };
  } else if (entry.missing >= FORGOTTEN_AFTER) entry.word = FORGOTTEN;
}

/** Caches the answers of schedulers, so that many runs cost no more queries than one. */
export class JobStatusCache {
  readonly #make: (executor: Executor) => Scheduler;
  readonly #clock: () => number;
  readonly #schedulers = new Map<Executor, Scheduler>();
  readonly #pages = new Map<Executor, SchedulerCache>();

  /** `clock`: a monotonic clock in milliseconds. */
  constructor(make: (executor: Executor) => Scheduler, clock = (): number => performance.now()) {
    this.#make = make;
    this.#clock = clock;
  }

  /** Returns the scheduler itself, to submit, cancel and find jobs. */
  scheduler(executor: Executor): Scheduler {
    let found = this.#schedulers.get(executor);
    if (found === undefined) this.#schedulers.set(executor, (found = this.#make(executor)));
    return found;
  }

  /**
   * Returns the cached status of a job. Undefined if there is no current answer. Never waits: a later call returns more.
   * Invalid job ids are never queried, so that they cannot make the query of the other jobs fail.
   */
  status(executor: Executor, id: string): CachedJobStatus | undefined {
    if (!isJobId(executor, id)) return undefined;
    return this.#page(executor).status(id);
  }

  /**
   * Discards the cached status of a job. If a job is requeued and starts a run, an answer from before the restart would say
   * that the job waits, and therefore that the run's head has ended.
   */
  forget(executor: Executor, id: string): void {
    this.#pages.get(executor)?.forget(id);
  }

  /** Returns the newest job of a name. Null if the scheduler has none. Undefined if there is no current answer. */
  findByName(executor: Executor, name: string): string | null | undefined {
    return this.#page(executor).findByName(name);
  }

  /** Resolves when no query is pending, so that the cached answers are current. */
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
