// A cell of the matrix: one run in one scenario and one store, with one fault at one point; and its verdict.
import type { FaultPoint } from '../../../daemon/system/steps.ts';
import type { BatchAgent } from '../../support/aws/batch-agent.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import type { Kind } from './fault-kinds.ts';

export const stores = ['run-directory', 'aws bundle', 'aws per-secret', 'server', 'server aws'] as const;
export type StoreName = (typeof stores)[number];

/**
 * Whether the daemon delivers the secrets of a run through AWS. The store `server` is a run directory with secrets of a team server, and
 * `server aws` is a compute environment of a team server, which delivers them itself.
 */
export function isOnAws(store: StoreName): boolean {
  return store.startsWith('aws');
}

/** Whether the secrets of a run are those of a team server. */
export function isOfTeam(store: StoreName): boolean {
  return store.startsWith('server');
}

/** Whether the secrets of a run are in AWS. */
export function isInAws(store: StoreName): boolean {
  return isOnAws(store) || store === 'server aws';
}

/**
 * The scenarios, which together reach every point: a run to its end; cancelled; never started because its launcher has
 * ended; refused because materializing fails; with a removal that fails once; long enough to renew its leases; pruned
 * after its end; with a run directory that reappears after the purge, as after a power loss; with its head as a scheduler
 * job, to its end and cancelled; with a head that dies and leaves orphaned jobs; with a team server whose vault is rekeyed
 * meanwhile.
 */
export const ways = [
  'normal',
  'cancelled',
  'abandoned',
  'refused',
  'stuck',
  'renewed',
  'pruned',
  'put back',
  'as a job',
  'as a cancelled job',
  'with orphans',
  'rekeyed',
] as const;
export type Way = (typeof ways)[number];

export interface Cell {
  readonly store: StoreName;
  readonly way: Way;
  readonly point?: FaultPoint;
  readonly kind?: Kind;
}

/** The AWS of a cell, and the agent that runs its Batch jobs. */
export interface Cloud {
  readonly aws: StrictAws;
  readonly agent: BatchAgent;
}

export interface Verdict {
  readonly cell: Cell;
  /** The distinct points that were reached, in order. */
  readonly points: readonly FaultPoint[];
  /** Whether the fault happened. `moot`: it found no process to kill, or could not lock the ledger. */
  readonly fault: 'happened' | 'moot' | 'not reached' | 'none';
  /** Violated promises; empty when all were kept. */
  readonly wrong: readonly string[];
  readonly outcome: string | undefined;
  /** Milliseconds from the end of the head to the purge. */
  readonly recoveredMs: number;
}
