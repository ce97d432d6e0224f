import type { JSX } from 'preact';
import type { Run } from '../../../daemon/contract/types.ts';
import { Badge, type Tone } from '../../components/badge.tsx';
import type { IconName } from '../../components/icon.tsx';

/** How a state or outcome looks. */
interface Look {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly label: string;
}

const OUTCOMES: Readonly<Record<NonNullable<Run['outcome']>, Look>> = {
  succeeded: { tone: 'good', icon: 'done', label: 'Succeeded' },
  failed: { tone: 'bad', icon: 'cross', label: 'Failed' },
  cancelled: { tone: 'plain', icon: 'stop', label: 'Cancelled' },
  lost: { tone: 'bad', icon: 'alert', label: 'Lost' },
  aborted: { tone: 'plain', icon: 'stop', label: 'Aborted' },
};
const STATES: Readonly<Record<Run['state'], Look>> = {
  created: { tone: 'accent', icon: 'clock', label: 'Preparing' },
  materialized: { tone: 'accent', icon: 'clock', label: 'Starting' },
  running: { tone: 'accent', icon: 'run', label: 'Running' },
  ended: { tone: 'plain', icon: 'clock', label: 'Ended' },
  purged: { tone: 'plain', icon: 'done', label: 'Purged' },
};

/** Returns how a run looks: its outcome once it has one. */
export function lookOf({ state, outcome }: Pick<Run, 'state' | 'outcome'>): Look {
  return outcome === null ? STATES[state] : OUTCOMES[outcome];
}

/** The state or the outcome of a run. */
export function RunState({ run }: { readonly run: Pick<Run, 'state' | 'outcome'> }): JSX.Element {
  const { tone, icon, label } = lookOf(run);
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  );
}

/** Whether a run has not ended. */
export function isLive({ state }: Pick<Run, 'state'>): boolean {
  return state === 'created' || state === 'materialized' || state === 'running';
}

/** Time in which the daemon usually removes the secrets of a run that has ended. */
const REMOVAL_MS = 30_000;

/** Whether secrets of an ended run are not removed, although an attempt failed or there was time enough. */
export function hasPendingRemovals(
  { state, pendingRemovals, removalError, endedAt }: Run,
  now: number,
): boolean {
  if (state !== 'ended' || pendingRemovals === 0) return false;
  return removalError !== undefined || (endedAt !== null && now - Date.parse(endedAt) > REMOVAL_MS);
}

/** Returns the pipeline and the arguments after it, by which a person recognizes a run. */
export function pipelineOf({ arguments: words }: Pick<Run, 'arguments'>): string {
  const at = words.indexOf('run');
  return words.slice(at + 1).join(' ');
}
