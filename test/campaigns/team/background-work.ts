/** Work in the background of a campaign. */
export class BackgroundWork {
  readonly #pending = new Set<Promise<void>>();
  #failure: unknown;

  add(work: Promise<void>): void {
    const noted = work
      .catch((error: unknown) => (this.#failure ??= error))
      .then(() => void this.#pending.delete(noted));
    this.#pending.add(noted);
  }

  /** Waits for the end of all work, also of work that is added during the wait. Throws the first error. */
  async end(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    if (this.#failure !== undefined) throw this.#failure as Error;
  }
}
