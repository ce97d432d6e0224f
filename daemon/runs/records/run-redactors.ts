import { NeedleSet } from '../../redaction/needles/needle-set.ts';
import { isMaskable } from '../../redaction/needles/needles.ts';
import { textRedactor } from '../../redaction/redactor.ts';
import type { SecretValue } from '../../vault/secret-value.ts';
import { runValues, type PlanOfRun, type ValueSources } from './run-values.ts';

/** Redacts the output of one run. */
export interface RunRedactor {
  readonly set: NeedleSet;
  readonly redact: (text: string) => string;
  /** Names of secrets whose values are too short to be masked. */
  readonly short: readonly string[];
  /** Names of secrets whose values are not available, by reason. */
  readonly locked: readonly string[];
  readonly unknown: readonly string[];
}

interface Entry {
  readonly redactor: RunRedactor;
  users: number;
  isDropped: boolean;
}

/**
 * The redactors of the runs that are not purged. Each holds needles of the run's values, which are overwritten when the run
 * is purged. Everything that shows or stores text of a run passes through one of them.
 */
export class RunRedactors {
  readonly #entries = new Map<string, Promise<Entry>>();
  /** The entries that are ready. */
  readonly #ready = new Map<string, Entry>();

  /** Adds the values of a run that is being materialized. This includes those of Nextflow's own store. `unknown`: names of secrets whose values only a team server has. */
  async add(
    run: string,
    values: ReadonlyMap<string, SecretValue>,
    unknown: readonly string[] = [],
  ): Promise<RunRedactor> {
    return (await this.#keep(run, create({ values, locked: [], unknown }))).redactor;
  }

  /** Returns the redactor of a run. Decrypts its values unless it is known. */
  async of(deps: ValueSources, run: PlanOfRun): Promise<RunRedactor> {
    return (await this.#entry(deps, run)).redactor;
  }

  /** Passes the redactor of a run to `work`, and keeps its values until `work` is done, even if the run is purged in the meantime. */
  async use<T>(deps: ValueSources, run: PlanOfRun, work: (redactor: RunRedactor) => Promise<T>): Promise<T> {
    const entry = await this.#entry(deps, run);
    entry.users += 1;
    try {
      return await work(entry.redactor);
    } finally {
      entry.users -= 1;
      clearUnused(entry);
    }
  }

  /** Redacts a text with the values of all known runs: for the log and the errors of the daemon. */
  redact(text: string): string {
    let redacted = text;
    for (const { redactor } of this.#ready.values()) redacted = redactor.redact(redacted);
    return redacted;
  }

  /** Overwrites the needles of a run. */
  async drop(run: string): Promise<void> {
    const kept = this.#entries.get(run);
    this.#entries.delete(run);
    this.#retire(run);
    if (kept !== undefined) abandon(await kept);
  }

  /** Overwrites the needles of a run's entry that is ready. */
  #retire(run: string): void {
    const ready = this.#ready.get(run);
    this.#ready.delete(run);
    if (ready !== undefined) abandon(ready);
  }

  async #entry(deps: ValueSources, run: PlanOfRun): Promise<Entry> {
    const known = this.#entries.get(run.id);
    if (known !== undefined) return known;
    const entry = await this.#keep(run.id, runValues(deps, run).then(create));
    // A vault that is locked now may be unlocked later.
    if (entry.redactor.locked.length > 0) this.#entries.delete(run.id);
    return entry;
  }

  async #keep(run: string, creating: Promise<Entry>): Promise<Entry> {
    this.#entries.set(run, creating);
    try {
      const entry = await creating;
      if (this.#entries.get(run) === creating) {
        this.#retire(run); // made while its vault was locked
        this.#ready.set(run, entry);
      }
      return entry;
    } catch (error) {
      this.#entries.delete(run);
      throw error;
    }
  }
}

async function create({ values, locked, unknown }: Values): Promise<Entry> {
  const set = await NeedleSet.of(values);
  const short = [...values].filter(([, value]) => !isMaskable(value)).map(([name]) => name);
  const redactor = { set, redact: textRedactor(set), short, locked, unknown };
  return { redactor, users: 0, isDropped: false };
}

type Values = Awaited<ReturnType<typeof runValues>>;

function abandon(entry: Entry): void {
  entry.isDropped = true;
  clearUnused(entry);
}

function clearUnused({ redactor, users, isDropped }: Entry): void {
  if (isDropped && users === 0) redactor.set.clear();
}

/** Whether the values of all secrets of the run are known. */
export function knowsAllValues({ locked, unknown }: RunRedactor): boolean {
  return locked.length + unknown.length === 0;
}

/** Whether all values of the run can be masked. */
export function masksAll(redactor: RunRedactor): boolean {
  return knowsAllValues(redactor) && redactor.short.length === 0;
}
