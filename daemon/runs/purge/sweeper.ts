import type { Sweeper } from '../../stores/sweeper.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** Returns who sweeps and what their ledger knows. Only objects of unknown or ended runs can be leftovers. */
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
