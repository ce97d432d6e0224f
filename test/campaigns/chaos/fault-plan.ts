// The plan of each run of a campaign. It depends only on the seed and the run's index, so a failure can be repeated.
import { steps, type FaultPoint } from '../../../daemon/system/steps.ts';
import { kinds, type Kind } from '../faults/fault-kinds.ts';

/** All kinds but those that affect one specific call, which any of the parallel runs could make. */
export type ChaosKind = Exclude<Kind, 'reply lost' | 'carried out late'>;
export const chaosKinds = kinds.filter(
  (kind): kind is ChaosKind => kind !== 'reply lost' && kind !== 'carried out late',
);

export interface RunPlan {
  readonly index: number;
  /** Duration of its task in milliseconds. */
  readonly works: number;
  /** Exit status of its task. */
  readonly exit: 0 | 3;
  /** Launched by the command, through the API, or by the command and cancelled soon afterwards. */
  readonly way: 'command' | 'api' | 'cancelled';
  readonly store: 'run-directory' | 'aws';
  /** The fault that happens when the daemon reaches this point for the first time, for this or another run. */
  readonly fault: { readonly point: FaultPoint; readonly kind: ChaosKind } | undefined;
}

export interface Choice {
  readonly aws: boolean;
  readonly reboot: boolean;
}

/** Steps that no run of a campaign reaches: scheduler jobs, renewal, pruning, directories that reappear. */
const UNREACHED = /^(job|orphans|prune|returned|lease\.renew|lease\.record-renewed)/;
/** Points that only runs on AWS reach. */
const ON_AWS = / (object|switch|definitions)\./;
const POINTS = steps
  .filter((name) => !UNREACHED.test(name))
  .flatMap((name): FaultPoint[] => [`before ${name}`, `after ${name}`]);

/** Returns the plan of one run. */
export function planOf(seed: number, index: number, { aws, reboot }: Choice): RunPlan {
  const random = generator(seed * 1_000_003 + index);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const store = aws && random() < 0.1 ? 'aws' : 'run-directory';
  const kinds = chaosKinds.filter((kind) => kind !== 'reboot' || reboot);
  const points = POINTS.filter((point) => aws || !ON_AWS.test(point));
  return {
    index,
    works: Math.floor(random() * 300),
    exit: random() < 0.8 ? 0 : 3,
    way: pick(['command', 'api', 'api', 'cancelled']),
    store,
    fault: random() < 0.6 ? { point: pick(points), kind: pick(kinds) } : undefined,
  };
}

/** Mulberry32: a reproducible generator whose 32 bits of state suffice for a plan. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
