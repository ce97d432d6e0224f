// What is wrong with how a run ended, in words; each begins with which promise it breaks, by which campaign.ts counts.
import type { Receipt, Run } from '../../../daemon/contract/types.ts';
import type { FaultPoint } from '../../../daemon/system/steps.ts';
import type { Cell } from './cell.ts';
import { NAMES } from './template.ts';

/** What is known of a run that is over. */
export interface Observed {
  readonly cell: Cell;
  readonly points: readonly FaultPoint[];
  readonly runs: readonly Run[];
  /** How often the pipeline was begun, whether it came to its end, and whether its secrets were gone before that. */
  readonly launches: number;
  readonly finished: boolean;
  readonly torn: boolean;
  /** Whether it was asked to end while it ran, and whether that was answered. */
  readonly cancel: 'no' | 'asked' | 'answered';
  /** Which of its processes the fault has killed. */
  readonly killed: { readonly head: boolean; readonly shim: boolean };
}

export function judgeRun(observed: Observed): string[] {
  const { runs, launches, finished, killed, torn, cancel } = observed;
  const wrong: string[] = [];
  if (runs.length > 1) wrong.push('launches: more than one run');
  if (launches > 1) wrong.push(`launches: ${String(launches)} times`);
  if (torn && !killed.head && cancel === 'no')
    wrong.push('purged while alive: the store was not whole at its end');
  const [run] = runs;
  if (run === undefined) {
    if (launches > 0) wrong.push('outcome: a run that nobody knows of');
    return wrong;
  }
  for (const what of wrongOutcome(observed, String(run.outcome))) wrong.push(`outcome: ${what}`);
  const wasKilled = killed.head || killed.shim;
  if (launches > 0 && !finished && !wasKilled && cancel === 'no' && observed.cell.way !== 'with orphans')
    wrong.push('purged while alive: or it ended without a reason');
  return wrong;
}

function wrongOutcome({ cell, launches, finished, killed, cancel }: Observed, outcome: string): string[] {
  const wrong: string[] = [];
  const wasKilled = killed.head || killed.shim;
  if (outcome === 'succeeded' && !finished) wrong.push('said to have succeeded');
  if (outcome === 'cancelled' && cancel === 'no') wrong.push('said to be cancelled, and nobody asked for it');
  // What took the fence was killed before it had done anything; else what was never launched is called off.
  const calledOff = outcome === 'aborted' || (outcome === 'cancelled' && cancel !== 'no');
  if (launches === 0 && !calledOff && !wasKilled) wrong.push(`never launched, and ${outcome}`);
  if (launches === 0) return wrong;
  if (outcome === 'aborted') wrong.push('launched, and aborted');
  if (wasKilled) return wrong;
  if (finished && outcome !== 'succeeded') wrong.push(`it succeeded, and is ${outcome}`);
  if (!finished && cancel === 'answered' && outcome !== 'cancelled')
    wrong.push(`it was cancelled, and is ${outcome}`);
  if (cell.way === 'with orphans' && !/failed|lost/.test(outcome))
    wrong.push(`its head was killed, and it is ${outcome}`);
  return wrong;
}

/** How many objects of each store a run has that was launched. */
function expected({ store, way }: Cell): Readonly<Record<string, number>> {
  if (store === 'run-directory') return { 'run-directory': 1 };
  const each = store === 'aws per-secret' ? NAMES.length : 1;
  return {
    'aws-secrets-manager': each,
    ...(store === 'aws per-secret' ? { 'dead-man-switches': each } : {}),
    ...(way === 'pruned' ? {} : { 'batch-job-definitions': 1 }),
  };
}

/** What a receipt does not tell. */
export function judgeReceipt(
  { cell, points, launches, killed }: Observed,
  receipt: Receipt | undefined,
): string[] {
  if (receipt === undefined) return ['receipt: there is none'];
  const { leases, complete } = receipt;
  const wrong: string[] = [];
  if (!complete) wrong.push('receipt: it is not complete');
  for (const { target, verification: check, goneAt, state } of leases)
    if (check === null || goneAt === null || state !== 'gone')
      wrong.push(`receipt: it does not tell how ${target} went`);
  const placed = leases.filter(({ placedAt }) => placedAt !== null);
  if (points.includes('after lease.record-placed') && placed.length === 0)
    wrong.push('receipt: it does not tell that anything was placed');
  if (launches === 0) return wrong;
  // A head that was killed may have told that it is about to register its definition, and no more.
  const mayOnlyBeMeant = (store: string): boolean =>
    store === 'batch-job-definitions' && (killed.head || killed.shim);
  for (const [store, many] of Object.entries(expected(cell))) {
    const there = (mayOnlyBeMeant(store) ? leases : placed).filter((lease) => lease.store === store).length;
    if (there !== many) wrong.push(`receipt: ${String(there)} placed in ${store} instead of ${String(many)}`);
  }
  for (const { target, placedAt, store } of leases)
    if (placedAt === null && !mayOnlyBeMeant(store))
      wrong.push(`receipt: it does not tell when ${target} was placed`);
  return wrong;
}
