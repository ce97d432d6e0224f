import type { JSX } from 'preact';
import type { ReleaseSummary } from '../../../../daemon/contract/types.ts';
import { Badge, type Tone } from '../../../components/badge.tsx';
import type { IconName } from '../../../components/icon.tsx';
import { now } from '../../../format/times.ts';

/** Whether the run has ended, or its daemon has never reported, and the removal of its secrets was not reported. */
export function isOverdue({ state, reportedAt, expiresAt, purgedAt }: ReleaseSummary, at: number): boolean {
  if (purgedAt !== null) return false;
  return state === 'ended' || (reportedAt === null && Date.parse(expiresAt) <= at);
}

interface Look {
  readonly label: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

const OUTCOMES: Readonly<Record<NonNullable<ReleaseSummary['outcome']>, Look>> = {
  succeeded: { label: 'Succeeded', tone: 'good', icon: 'done' },
  failed: { label: 'Failed', tone: 'bad', icon: 'cross' },
  cancelled: { label: 'Cancelled', tone: 'plain', icon: 'stop' },
  lost: { label: 'Lost', tone: 'bad', icon: 'alert' },
  aborted: { label: 'Aborted', tone: 'plain', icon: 'stop' },
};
const LIVE: Readonly<Record<string, Look>> = {
  created: { label: 'Released', tone: 'plain', icon: 'clock' },
  materialized: { label: 'Delivered', tone: 'plain', icon: 'clock' },
  running: { label: 'Running', tone: 'accent', icon: 'run' },
};

/** The state of a run as its daemon has reported it. */
export function ReleaseState({ release }: { readonly release: ReleaseSummary }): JSX.Element {
  const { state, outcome } = release;
  const { label, tone, icon } = (outcome === null ? LIVE[state] : OUTCOMES[outcome]) ?? {
    label: 'Ended',
    tone: 'plain' as const,
    icon: 'stop' as const,
  };
  return (
    <span class="badges">
      <Badge tone={tone} icon={icon}>
        {label}
      </Badge>
      {isOverdue(release, now.value) && (
        <Badge tone="warn" icon="alert" title="The removal of the secrets was not reported">
          Not removed
        </Badge>
      )}
    </span>
  );
}
