import type { Insertable } from 'kysely';
import type { Tables } from '../../daemon/ledger/tables.ts';

/** Returns the row of a run that is running, for tests that need no more of it. */
export function runRow(
  id: string,
  changes: Partial<Insertable<Tables['runs']>> = {},
): Insertable<Tables['runs']> {
  const text = {
    workspace: 'local/main',
    launch_directory: '/',
    nextflow: '/n',
    arguments: '[]',
    plan: '[]',
    launcher: '{}',
  };
  return {
    ...{
      id,
      state: 'running',
      cancel_requested: 0,
      launch_deadline: '',
      created_at: '2026-01-01T00:00:00.000Z',
    },
    ...text,
    ...changes,
  };
}
