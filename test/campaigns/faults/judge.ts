// Compares the end of a run with the promises. Each violation starts with the promise, by which run-matrix.ts counts it.
import type { Receipt, Run } from '../../../daemon/contract/types.ts';
import type { FaultPoint } from '../../../daemon/system/steps.ts';
import { isOnAws, type Cell } from './cell.ts';
import { NAMES } from './template.ts';

/** The observations of a run that has ended. */
export interface Observed {
  readonly cell: Cell;
  readonly points: readonly FaultPoint[];
  readonly runs: readonly Run[];
  /** Number of starts of the pipeline. */
  readonly launches: number;
  /** Whether the pipeline ran to its end. */
  readonly finished: boolean;
  /** Whether the pipeline missed a secret. */
  readonly torn: boolean;
  /** Whether a cancellation was requested while it ran, and whether the daemon confirmed it. */
  readonly cancel: 'no' | 'asked' | 'answered';
  /** The processes that the fault killed. */
  readonly killed: { readonly head: boolean; readonly shim: boolean };
}

export function judgeRun(observed: Observed): string[] {
  const { runs, launches, finished, killed, torn, cancel } = observed;
  const wrong: string[] = [];
  if (runs.length > 1) wrong.push('launches: more than one run');
  if (launches > 1) wrong.push(`launches: ${String(launches)} times`);
  if (torn && !killed.head && cancel === 'no') wrong.push('purged while alive: the pipeline missed a secret');
  const [run] = runs;
  if (run === undefined) {
    if (launches > 0) wrong.push('outcome: launched without a record');
    return wrong;
  }
  for (const violation of wrongOutcome(observed, String(run.outcome))) wrong.push(`outcome: ${violation}`);
  const wasKilled = killed.head || killed.shim;
  if (launches > 0 && !finished && !wasKilled && cancel === 'no' && observed.cell.way !== 'with orphans')
    wrong.push('purged while alive: or it ended for no reason');
  return wrong;
}

function wrongOutcome({ cell, launches, finished, killed, cancel }: Observed, outcome: string): string[] {
  const wrong: string[] = [];
  const wasKilled = killed.head || killed.shim;
  if (outcome === 'succeeded' && !finished) wrong.push('reported as succeeded');
  if (outcome === 'cancelled' && cancel === 'no') wrong.push('reported as cancelled without a cancellation');
  // A shim that was killed after it passed the fence may have any outcome. Other runs without a launch are aborted.
  const isAborted = outcome === 'aborted' || (outcome === 'cancelled' && cancel !== 'no');
  if (launches === 0 && !isAborted && !wasKilled) wrong.push(`never launched but reported as ${outcome}`);
  if (launches === 0) return wrong;
  if (outcome === 'aborted') wrong.push('launched but reported as aborted');
  if (wasKilled) return wrong;
  if (finished && outcome !== 'succeeded') wrong.push(`succeeded but reported as ${outcome}`);
  if (!finished && cancel === 'answered' && outcome !== 'cancelled')
    wrong.push(`cancelled but reported as ${outcome}`);
  if (cell.way === 'with orphans' && !/failed|lost/.test(outcome))
    wrong.push(`head killed but reported as ${outcome}`);
  return wrong;
}

/** Returns the number of objects per store of a launched run. */
function expected({ store, way }: Cell): Readonly<Record<string, number>> {
  if (store === 'server aws') return { 'run-directory': 1, 'team-server': 1 };
  if (!isOnAws(store)) return { 'run-directory': 1 };
  const each = store === 'aws per-secret' ? NAMES.length : 1;
  return {
    'aws-secrets-manager': each,
    ...(store === 'aws per-secret' ? { 'dead-man-switches': each } : {}),
    ...(way === 'pruned' ? {} : { 'batch-job-definitions': 1 }),
  };
}

/** Returns the gaps of a receipt. */
export function judgeReceipt(
  { cell, points, launches, killed }: Observed,
  receipt: Receipt | undefined,
): string[] {
  if (receipt === undefined) return ['receipt: missing'];
  const { leases, complete } = receipt;
  const wrong: string[] = [];
  if (!complete) wrong.push('receipt: incomplete');
  for (const { target, verification: check, goneAt, state } of leases)
    if (check === null || goneAt === null || state !== 'gone')
      wrong.push(`receipt: no verified removal of ${target}`);
  const placed = leases.filter(({ placedAt }) => placedAt !== null);
  if (points.includes('after lease.record-placed') && placed.length === 0)
    wrong.push('receipt: no placed object');
  if (launches === 0) return wrong;
  // A killed head may have announced a job definition without registering it.
  const mayBeUnregistered = (store: string): boolean =>
    store === 'batch-job-definitions' && (killed.head || killed.shim);
  for (const [store, many] of Object.entries(expected(cell))) {
    const found = (mayBeUnregistered(store) ? leases : placed).filter(
      (lease) => lease.store === store,
    ).length;
    if (found !== many) wrong.push(`receipt: ${String(found)} placed in ${store} instead of ${String(many)}`);
  }
  for (const { target, placedAt, store } of leases)
    if (placedAt === null && !mayBeUnregistered(store)) wrong.push(`receipt: no time of placing ${target}`);
  return wrong;
}
