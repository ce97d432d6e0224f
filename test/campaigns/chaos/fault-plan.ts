// What happens to each run of a campaign: drawn from the seed and the run's number, so that both tell it again.
import { steps, type FaultPoint } from '../../../daemon/system/steps.ts';
import { kinds, type Kind } from '../faults/fault-kinds.ts';

/** All but what belongs to one call: which of many runs would make it? */
export type ChaosKind = Exclude<Kind, 'reply lost' | 'carried out late'>;
export const chaosKinds = kinds.filter(
  (kind): kind is ChaosKind => kind !== 'reply lost' && kind !== 'carried out late',
);

export interface RunPlan {
  readonly index: number;
  /** How long its task works, in milliseconds, and with what it ends. */
  readonly works: number;
  readonly exit: 0 | 3;
  /** By the command; by the API, whose caller starts the shim; by the command, and cancelled soon. */
  readonly way: 'command' | 'api' | 'cancelled';
  readonly store: 'run-directory' | 'aws';
  /** What happens once anything of the daemon comes to this point: this run, or another one. */
  readonly fault: { readonly point: FaultPoint; readonly kind: ChaosKind } | undefined;
}

export interface Choice {
  readonly aws: boolean;
  readonly reboot: boolean;
}

/** Steps that no run of a campaign comes to: jobs of schedulers, what is forgotten, what comes back. */
const LEFT_OUT = /^(job|orphans|prune|returned|lease\.renew|lease\.record-renewed)/;
/** Points that only runs on AWS reach. */
const AT_STORE = / (object|switch|definitions)\./;
const POINTS = steps
  .filter((name) => !LEFT_OUT.test(name))
  .flatMap((name): FaultPoint[] => [`before ${name}`, `after ${name}`]);

export function planOf(seed: number, index: number, { aws, reboot }: Choice): RunPlan {
  const random = generator(seed * 1_000_003 + index);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const store = aws && random() < 0.1 ? 'aws' : 'run-directory';
  const kinds = chaosKinds.filter((kind) => kind !== 'reboot' || reboot);
  const points = POINTS.filter((point) => aws || !AT_STORE.test(point));
  return {
    index,
    works: Math.floor(random() * 300),
    exit: random() < 0.8 ? 0 : 3,
    way: pick(['command', 'api', 'api', 'cancelled']),
    store,
    fault: random() < 0.6 ? { point: pick(points), kind: pick(kinds) } : undefined,
  };
}

/** Mulberry32: 32 bits of state are enough to draw a plan, and to draw it again. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
