// One cell of the matrix: one run, in one way, in one store, and one fault at one point; and what came of it.
import type { FaultPoint } from '../../../daemon/system/steps.ts';
import type { BatchAgent } from '../../support/aws/batch-agent.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import type { Kind } from './fault-kinds.ts';

export const stores = ['run-directory', 'aws bundle', 'aws per-secret'] as const;
export type StoreName = (typeof stores)[number];

/**
 * The ways of a run, which together reach every point: to its end; cancelled while it runs; never started, as its
 * launcher is gone; refused, as its placing fails; with a removal that fails once; so long that its leases are renewed;
 * forgotten after its end; with its directory put back after it was purged, as a disk may that lost power; with its head
 * as a job of a scheduler, to its end and cancelled; and with a head that dies and leaves jobs behind.
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
] as const;
export type Way = (typeof ways)[number];

export interface Cell {
  readonly store: StoreName;
  readonly way: Way;
  readonly point?: FaultPoint;
  readonly kind?: Kind;
}

/** Where the secrets of a cell are placed that are not to be in files, and who runs its jobs. */
export interface Cloud {
  readonly aws: StrictAws;
  readonly agent: BatchAgent;
}

export interface Verdict {
  readonly cell: Cell;
  /** Points that were reached, in order, each once. */
  readonly points: readonly FaultPoint[];
  /** Whether the fault happened; `moot`: there was nothing of the kind to kill, or the lock was not to be had. */
  readonly fault: 'happened' | 'moot' | 'not reached' | 'none';
  /** What is wrong, in words: empty where every promise was kept. */
  readonly wrong: readonly string[];
  readonly outcome: string | undefined;
  /** From the daemon's start, or the head's end, to nothing left, in milliseconds. */
  readonly recoveredMs: number;
}
