/** What this ledger knows of a run. */
export type LedgerRunState = 'open' | 'over' | 'unknown';

/** Who sweeps, and what they know. */
export interface Sweeper {
  readonly owner: string;
  readonly ledger: string;
  readonly runState: (run: string) => Promise<LedgerRunState>;
  readonly clock: () => number;
}
