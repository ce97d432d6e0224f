import { hostname } from 'node:os';
import type { WebhookEvent, WebhookType } from '../contract/types.ts';
import type { Queries } from '../ledger/ledger.ts';
import { openLeaseStates } from '../runs/records/states.ts';

/**
 * Describes an event; undefined if the run does not exist. Texts of a pipeline, such as the run name, could contain a value, so they
 * are left out.
 */
export async function describeEvent(
  db: Queries,
  { id, type, run }: { readonly id: string; readonly type: WebhookType; readonly run: string },
): Promise<WebhookEvent | undefined> {
  const row = await db.selectFrom('runs').selectAll().where('id', '=', run).executeTakeFirst();
  if (row === undefined) return undefined;
  const { count } = await db
    .selectFrom('leases')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('run_id', '=', run)
    .where('state', 'in', openLeaseStates)
    .executeTakeFirstOrThrow();
  return {
    id,
    type,
    timestamp: new Date().toISOString(),
    host: hostname(),
    run: {
      id: run,
      workspace: row.workspace,
      computeEnvironment: row.compute_environment,
      state: row.state,
      outcome: row.outcome,
      exitStatus: row.exit_status,
      createdAt: row.created_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      pendingRemovals: count,
    },
  };
}
