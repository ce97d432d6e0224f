import type { JSX } from 'preact';
import { duration, exactTime, now, relativeTime } from '../format/times.ts';

/** A time relative to now. The exact one, in the reader's time zone, is in the tooltip. */
export function Time({ at }: { readonly at: string }): JSX.Element {
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(at, now.value)}
    </time>
  );
}

/** The time between two moments, or since one. */
export function Duration({
  from,
  until,
}: {
  readonly from: string;
  readonly until: string | null;
}): JSX.Element {
  return <span class="numbers">{duration(from, until === null ? now.value : Date.parse(until))}</span>;
}
