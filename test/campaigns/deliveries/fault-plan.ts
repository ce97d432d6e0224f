import type { Random } from '../fuzz/random.ts';
import { CLAIM_SECONDS } from './short-times.ts';

/** The kinds of faults. Each happens equally often. */
export const faultKinds = [
  'kill replica',
  'pause replica',
  'pause replica beyond its claim',
  'kill PostgreSQL',
  'promote the standby of PostgreSQL',
  'lose replies of AWS',
  'let AWS carry out requests late',
  'throttle all requests to AWS',
  'let AWS credentials expire',
  'request many deliveries at once',
] as const;
type FaultKind = (typeof faultKinds)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Number of the replica. */
  readonly target: number;
  /** Which request to AWS the replica has just sent when it is killed or paused. */
  readonly moment: string;
  /** Duration of a pause, or until the credentials are renewed, in milliseconds. */
  readonly ms: number;
  /** Number of requests to AWS. */
  readonly count: number;
}

/** Requests of a replica in the order in which it creates, checks and removes a secret. */
const MOMENTS = ['sts:GetCallerIdentity', 'CreateSecret', 'DescribeSecret', 'DeleteSecret'];

/** Returns the faults of a campaign one after another. The same sequence of random numbers gives the same faults. */
export function planFaults(random: Random, replicas: number): () => PlannedFault {
  let waiting: FaultKind[] = [];
  return () => {
    if (waiting.length === 0) waiting = [...faultKinds];
    const [kind = 'kill replica'] = waiting.splice(random(waiting.length), 1);
    const target = random(replicas);
    const moment = MOMENTS[random(MOMENTS.length)] ?? '';
    const isLong = kind === 'pause replica beyond its claim';
    const ms = isLong ? CLAIM_SECONDS * 1500 + random(6000) : 300 + random(4000);
    return { kind, target, moment, ms, count: 5 + random(20) };
  };
}
