import type { Sweeper } from '../../aws/sweep.ts';
import type { Ledger } from '../../ledger/open.ts';

/** Who sweeps, and what their ledger knows of runs: only what it has no row of, or has seen the end of, can be left over. */
export function sweeperOf(ledger: Ledger, owner: string): Sweeper {
  return {
    owner,
    ledger: ledger.id,
    clock: Date.now,
    runState: async (run) => {
      const row = await ledger.db.selectFrom('runs').select('state').where('id', '=', run).executeTakeFirst();
      if (row === undefined) return 'unknown';
      return row.state === 'purged' ? 'over' : 'open';
    },
  };
}
