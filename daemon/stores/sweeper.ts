/** State of a run in this ledger. */
type LedgerRunState = 'open' | 'over' | 'unknown';

/** Identity of the sweep's caller, and access to its ledger. */
export interface Sweeper {
  readonly owner: string;
  readonly ledger: string;
  readonly runState: (run: string) => Promise<LedgerRunState>;
  readonly clock: () => number;
}
