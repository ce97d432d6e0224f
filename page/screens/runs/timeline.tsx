import type { JSX } from 'preact';
import type { Lease, Run } from '../../../daemon/contract/types.ts';
import { Name } from '../../components/name.tsx';
import { Time } from '../../components/time.tsx';
import { describeSeconds, exactTime, now } from '../../format/times.ts';
import { visibleText } from '../../format/visible-text.ts';

interface TimelineProps {
  readonly run: Run;
  readonly leases: readonly Lease[];
}

/** When the run and each of its delivered objects existed, on a common line of time. */
export function Timeline({ run, leases }: TimelineProps): JSX.Element {
  const ends = [run.endedAt, ...leases.map(({ goneAt }) => goneAt)].map(timeOf);
  const start = Date.parse(run.createdAt);
  const end = Math.max(start + 1000, ...ends);
  const share = (time: number): string => `${String(((time - start) / (end - start)) * 100)}%`;
  const bar = (tone: string, from: number, until: number): JSX.Element => (
    <div class="timeline-line" aria-hidden="true">
      <span class={tone} style={{ left: share(from), width: share(start + Math.max(0, until - from)) }} />
    </div>
  );
  return (
    <>
      <ul class="timeline">
        {run.startedAt !== null && (
          <li>
            <div class="timeline-head">
              <span class="strong">Run</span>
            </div>
            {bar('plain', Date.parse(run.startedAt), timeOf(run.endedAt))}
            <p class="quiet-text">
              Started <Time at={run.startedAt} />
              {run.endedAt !== null && (
                <>
                  , ended <Time at={run.endedAt} />
                </>
              )}
            </p>
          </li>
        )}
        {leases.map((lease) => (
          <li key={lease.id}>
            <div class="timeline-head">
              <span class="strong">{visibleText(lease.store)}</span>
              <Name mono>{lease.target}</Name>
            </div>
            {bar(toneOf(lease), Date.parse(lease.placedAt ?? lease.createdAt), timeOf(lease.goneAt))}
            <LeaseText lease={lease} endedAt={run.endedAt} />
          </li>
        ))}
      </ul>
      <p class="timeline-axis quiet-text">
        <time dateTime={run.createdAt}>{exactTime(run.createdAt)}</time>
        <span>{describeSeconds(Math.round((end - start) / 1000))}</span>
        <time dateTime={new Date(end).toISOString()}>{exactTime(new Date(end).toISOString())}</time>
      </p>
    </>
  );
}

/** Returns a moment; now for one that has not come yet. */
function timeOf(moment: string | null): number {
  return moment === null ? now.value : Date.parse(moment);
}

function toneOf({ state }: Lease): string {
  return state === 'gone' ? 'good' : state === 'unverified' ? 'warn' : 'accent';
}

interface LeaseTextProps {
  readonly lease: Lease;
  readonly endedAt: string | null;
}

function LeaseText({ lease, endedAt }: LeaseTextProps): JSX.Element {
  const { placedAt, goneAt, lastError, verification } = lease;
  const seconds =
    goneAt === null || endedAt === null
      ? undefined
      : Math.round((Date.parse(goneAt) - Date.parse(endedAt)) / 1000);
  return (
    <>
      <p class="quiet-text">
        {placedAt === null ? (
          'Not delivered'
        ) : (
          <>
            Delivered <Time at={placedAt} />
          </>
        )}
        {goneAt !== null && (
          <>
            , removed <Time at={goneAt} />
          </>
        )}
        {seconds !== undefined && seconds >= 0 && ` (${describeSeconds(seconds)} after the end of the run)`}
      </p>
      {verification !== null && <p class="quiet-text">{visibleText(verification, 200)}</p>}
      {goneAt === null && lastError !== null && (
        <p class="quiet-text bad-text">{visibleText(lastError, 300)}</p>
      )}
    </>
  );
}
