/** Maximum number of results. They stay in memory until others replace them. */
const RESULTS_MAX = 8;
/** A result also shows what the ledger does not record, such as live processes. */
const AGE_MAX_MS = 200;

interface Recent<T> {
  readonly result: Promise<T>;
  readonly commits: number;
  readonly at: number;
}

/**
 * Results of expensive reads, which repeated requests share: dashboards and scripts poll the same list. A result is used until
 * the next commit, and for at most 200 ms. A caller therefore sees its own writes.
 */
export class RecentResults<T> {
  readonly #commits: () => number;
  readonly #now: () => number;
  readonly #results = new Map<string, Recent<T>>();

  /** `commits`: returns the number of commits of the ledger. `now`: returns a monotonic time in milliseconds. */
  constructor(commits: () => number, now: () => number) {
    this.#commits = commits;
    this.#now = now;
  }

  /** Returns the recent result of a key, or that of `read`. */
  async get(key: string, read: () => Promise<T>): Promise<T> {
    const [commits, at] = [this.#commits(), this.#now()];
    const recent = this.#results.get(key);
    if (recent?.commits === commits && at - recent.at < AGE_MAX_MS) return recent.result;
    if (this.#results.size >= RESULTS_MAX) this.#results.clear();
    const result = read();
    this.#results.set(key, { result, commits, at });
    return result;
  }
}
